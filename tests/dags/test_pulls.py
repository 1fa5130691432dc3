"""A DAG run that pulls from an API: what it published is in integration."""

from collections.abc import Mapping
from datetime import date

import pytest

from local.sources import rates_api
from tests.support.airflow.running_lake import Running
from tests.support.demo import tables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200), pytest.mark.usefixtures("aws")]

STEPS = ("pull", "arrival", "stage_to_raw", "raw_gate", "raw_to_integration", "integration_gate")


def of(tasks: Mapping[str, str]) -> list[str]:
    return [tasks[f"exchange_rates.{step}"] for step in STEPS]


def test_what_an_api_published_is_pulled_and_moved(running: Running) -> None:
    today = date(2026, 3, 4)
    rates_api.control(running.lake.bank, "today", f"{today}")
    rates_api.control(running.lake.bank, "faults", ["429"])
    assert of(running.run("finance", state="success")) == ["success"] * 6
    found = tables.integration(running.contract("exchange_rates"), names=running.lake.names)
    assert {(f"{row[0]}", row[1]) for row in found} == {
        (rate["day"], rate["currency"]) for rate in rates_api.published(today)
    }
