"""How a dataset stands, from the records of its batches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.batches.attempts import FAILED, SUCCEEDED, Attempt
from lakehouse.contracts.types import INT
from lakehouse.names import Move
from lakehouse.operations.status import Status, summary
from tests.support.contract_builders import column, contract

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SHOP = replace(contract(column("id", INT)), freshness=timedelta(hours=1))
LOAD, MERGE = Move.STAGE_TO_RAW, Move.RAW_TO_INTEGRATION


def attempt(batch: int, move: Move, **given: Any) -> Attempt:
    defaults = {"state": SUCCEEDED, "run_id": "jr_1", "started_at": NOW, "finished_at": NOW}
    return Attempt(dataset=SHOP.dataset, batch_id=f"{SHOP.dataset}-{batch:08}", move=move, **{**defaults, **given})


def stands(*attempts: Attempt, age: timedelta | None = None, planned: int = 0) -> Status:
    ids = [f"{SHOP.dataset}-{number:08}" for number in range(1, planned + 1)]
    return summary(SHOP, ids, attempts, arrived=NOW - age if age else None, running=(), now=NOW)


def test_a_dataset_without_data_is_late() -> None:
    found = stands()
    assert (found.in_raw, found.in_integration, found.age, found.is_late) == (None, None, None, True)
    assert (found.waiting, found.received, found.rejected, found.blocked, found.failed) == (0, 0, 0, (), None)


def test_what_is_planned_waits_until_it_is_in_integration() -> None:
    found = stands(attempt(1, LOAD), attempt(2, LOAD), attempt(1, MERGE), age=timedelta(minutes=5), planned=3)
    assert (found.waiting, found.is_late) == (2, False)
    assert (found.in_raw, found.in_integration) == ("orders-00000002", "orders-00000001")


def test_a_batch_counts_as_it_was_loaded_last() -> None:
    found = stands(
        attempt(1, LOAD, received=5, rejected=3), attempt(2, LOAD, received=2, rejected=1), attempt(1, LOAD, received=5)
    )
    assert (found.received, found.rejected) == (7, 1)


def test_only_the_last_attempt_is_a_failure_to_mend() -> None:
    broken = attempt(1, LOAD, state=FAILED, error="the file is gone")
    assert stands(broken).failed == "the file is gone"
    assert stands(broken, attempt(1, LOAD)).failed is None


def test_gates_that_hold_are_named() -> None:
    assert stands(attempt(1, LOAD, gate="FAIL"), attempt(2, LOAD, gate="PASS")).blocked == ("orders-00000001",)
