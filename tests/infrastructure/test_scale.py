"""How the templates grow with datasets: what one more changes, and how much of AWS's limits a thousand use."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App

from app import ROOT
from lakehouse.contracts.loader import load_contracts
from lakehouse.operations.planner import MOST_DATASETS, Waiting
from lakehouse.sizes import CAPACITIES, Size
from stacks.domains.parts import DATASETS_A_PART, parts
from stacks.iam.jobs import MOST_NAMED
from stacks.lakehouse import add_lakehouse
from stacks.scheduling.state_machine import LONGEST_CAUSE
from stacks.settings import settings_of
from stacks.streaming.event_stream import LONGEST_QUERY, partition_keys
from tests.support.scale import datasets
from tests.support.scale.measures import LIMITS, bar, measures
from tests.support.templates.assembly import Assembly
from tests.support.templates.synthesis import CONTEXT, DEV

FEW, MORE, THOUSAND = 20, 40, 1_000
FROM_S3 = 52
"""Number of a dataset whose objects come from S3, so that no stack of a source changes with it."""


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """Twenty and forty datasets, and one more than forty."""
    root = tmp_path_factory.mktemp("scale")
    found = {}
    for name, numbers in (("few", range(FEW)), ("more", range(MORE)), ("one more", [*range(MORE), FROM_S3])):
        for number in numbers:
            datasets.write(root / name, 1, first=number)
        app = App(context=CONTEXT, outdir=str(root / f"{name}.out"))
        contracts = load_contracts(root / name)
        add_lakehouse(app, names=DEV, settings=settings_of("dev"), contracts=contracts, root=ROOT)
        app.synth()
        found[name] = Assembly(root / f"{name}.out")
    return found


def test_one_more_dataset_changes_one_stack_and_adds_to_it_alone(synthesized: dict[str, Assembly]) -> None:
    before, after = synthesized["more"].templates, synthesized["one more"].templates
    assert before.keys() == after.keys()
    [changed] = [stack for stack in before if before[stack] != after[stack]]
    assert changed == DEV.stack("domain-web")
    old, new = before[changed]["Resources"], after[changed]["Resources"]
    edited = {new[name]["Type"] for name in old if old[name] != new.get(name)}
    assert edited == {"AWS::CloudWatch::Dashboard"}
    assert Counter(new[name]["Type"] for name in new.keys() - old.keys()) == {
        "AWS::CloudWatch::Alarm": 4,
        "AWS::Glue::DataQualityRuleset": 2,
    }


@pytest.mark.parametrize("limit", LIMITS)
def test_a_thousand_datasets_stay_within_their_share_of_a_limit(synthesized: dict[str, Assembly], limit: str) -> None:
    """What grows grows by the same for each dataset: policies, definitions, bodies are lists of them."""
    few, more = (measures(synthesized[name])[limit] for name in ("few", "more"))
    growth = {at: (more[at] - few.get(at, 0)) / (MORE - FEW) for at in more}
    for at, amount in more.items():
        assert amount <= LIMITS[limit]["limit"], at
        if not LIMITS[limit].get("grows", True):
            assert amount <= bar(limit), at
            continue
        if growth[at] > 0 and "domain-" in at:
            of_one, datasets_now = growth[at] * len(datasets.DOMAINS), MORE / len(datasets.DOMAINS)
            assert amount + of_one * (DATASETS_A_PART - datasets_now) <= bar(limit), at
        elif growth[at] > 0:
            # The policy of the pulls grows until it names no dataset any more.
            most = MOST_NAMED * len(datasets.KINDS) if "apitostage" in at else THOUSAND
            assert amount + growth[at] * (most - MORE) <= bar(limit), at


def test_what_the_state_machine_hands_on_is_within_half_of_its_limit() -> None:
    """The planner's answer, and then the results of the datasets, all of them failed."""
    name = "n" * 63  # the longest name of a dataset
    waiting = Waiting(
        dataset=name,
        stage_prefix=f"{name}/{name}/",
        ingest="snapshot",
        capacity=CAPACITIES[Size.LARGE],
        pull_minutes=1440,
        pull=True,
    )
    failed = {"dataset": name, "failed": "Glue.ConcurrentRunsExceededException: " + "x" * LONGEST_CAUSE}
    for each in (waiting, failed):
        assert MOST_DATASETS * (len(str(each)) + 2) <= bar("state_payload_bytes")


def test_a_dataset_stays_in_its_part_unless_its_part_is_halved(tmp_path: Path) -> None:
    datasets.write(tmp_path, 1)
    [one] = load_contracts(tmp_path)
    domain = [replace(one, dataset=f"table_{number:04d}") for number in range(THOUSAND)]
    place: dict[str, int] = {}
    count = 1
    for size in range(1, len(domain) + 1, 13):
        split = parts(domain[:size])
        assert max(map(len, split.values())) <= DATASETS_A_PART
        assert sorted(item.dataset for group in split.values() for item in group) == [
            item.dataset for item in domain[:size]
        ]
        doublings = 0
        while max(split) >= count:
            count, doublings = 2 * count, doublings + 1
        for part, group in split.items():
            for item in group:
                before = place.get(item.dataset, part)
                # A stack is deployed after those with lower numbers, which let its datasets go first.
                assert part == before or (doublings and part > before)
                place[item.dataset] = part
    assert len(split) <= 2 * len(domain) // DATASETS_A_PART + 1


def test_a_stream_with_too_many_datasets_is_refused_by_name(tmp_path: Path) -> None:
    datasets.write(tmp_path, 1, first=16)
    [one] = load_contracts(tmp_path)
    many = [replace(one, dataset=f"{one.dataset}_{number}") for number in range(THOUSAND)]
    assert len(partition_keys(many[:100])) < LONGEST_QUERY
    with pytest.raises(ValueError, match=r"stream events has 1000 datasets.*give some of them another server"):
        partition_keys(many)
