"""Every environment has a price, and one in the minimal profile costs little while nothing happens."""

from collections.abc import Mapping

import pytest

from lakehouse.cost.estimate import Estimate, estimate
from lakehouse.cost.prices import load_prices
from tests.support.templates.assembly import Assembly

WAITING = {
    ("CloudWatch", "alarm, for each metric and expression that it reads"),
    ("CloudWatch", "dashboard"),
    ("CloudWatch", "metric counted in a log"),
    ("KMS", "key"),
    ("Secrets Manager", "secret"),
    # What only a contract asks for: a stream, a replication, and its way to the secret.
    ("DMS", "least capacity of a serverless replication, while it runs"),
    ("Kinesis", "on-demand stream"),
    ("VPC", "interface endpoint in one zone"),
}
"""What a minimal environment pays for a month in which nothing happens."""


@pytest.fixture(scope="module")
def estimates(everything: dict[str, Assembly]) -> Mapping[str, Estimate]:
    prices = load_prices("eu-central-1")
    return {name: estimate(assembly.templates.values(), prices=prices) for name, assembly in everything.items()}


def test_every_resource_has_a_price_or_is_known_to_cost_nothing(estimates: Mapping[str, Estimate]) -> None:
    assert {name: found.unpriced for name, found in estimates.items() if found.unpriced} == {}


def test_the_minimal_profile_has_nothing_else_standing_by(estimates: Mapping[str, Estimate]) -> None:
    for name, found in estimates.items():
        if name.endswith("-minimal"):
            assert set(found.fixed) <= WAITING, name


def test_the_minimal_profile_costs_no_more(estimates: Mapping[str, Estimate]) -> None:
    for environment in ("dev", "staging", "prod"):
        assert estimates[f"{environment}-minimal"].monthly <= estimates[f"{environment}-standard"].monthly
