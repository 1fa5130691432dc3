"""Metrics of an attempt on several batches."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakehouse.batches.attempts import SUCCEEDED, Attempt
from lakehouse.moves import metrics
from lakehouse.moves.metrics import Metric
from lakehouse.names import Move

STARTED = datetime(2026, 3, 1, tzinfo=UTC)


def attempt(**counts: Any) -> Attempt:
    return Attempt(
        **{
            "dataset": "orders",
            "batch_id": "orders-00000001",
            "move": Move.STAGE_TO_RAW,
            "state": SUCCEEDED,
            "started_at": STARTED,
            "finished_at": STARTED + timedelta(seconds=90),
            "run_id": "jr_1",
        }
        | counts
    )


def test_records_of_all_batches_are_added_and_their_time_is_not() -> None:
    attempts = [attempt(received=8, accepted=7, rejected=1), attempt(received=2, accepted=2, rejected=0)]
    assert metrics.values_of(attempts, None) == {
        Metric.RECEIVED: 10,
        Metric.ACCEPTED: 9,
        Metric.REJECTED: 1,
        Metric.REJECTED_PERCENT: 10,
        Metric.DURATION: 90,
        Metric.FAILURES: 0,
    }


def test_a_metric_that_is_not_counted_has_no_value() -> None:
    assert metrics.values_of([attempt(changed=3)], timedelta(minutes=2)) == {
        Metric.CHANGED: 3,
        Metric.DURATION: 90,
        Metric.FAILURES: 0,
        Metric.DATA_AGE: 120,
    }


def test_without_records_there_is_no_rejected_percentage() -> None:
    assert Metric.REJECTED_PERCENT not in metrics.values_of([attempt(received=0, accepted=0, rejected=0)], None)


def test_a_failure_counts_itself_and_its_time() -> None:
    assert metrics.values_of([attempt(error="broken"), attempt(error="broken")], None) == {
        Metric.DURATION: 90,
        Metric.FAILURES: 1,
    }


def test_an_attempt_with_one_blocked_batch_is_blocked() -> None:
    passed, blocked = attempt(gate="PASS"), attempt(gate="NOT_EVALUATED")
    assert metrics.values_of([passed], None)[Metric.BLOCKED] == 0
    assert metrics.values_of([passed, blocked], None)[Metric.BLOCKED] == 1
    assert Metric.BLOCKED not in metrics.values_of([attempt()], None)


def test_a_metric_has_a_move_or_none() -> None:
    assert metrics.dimensions(Metric.DURATION, dataset="orders", move=Move.STAGE_TO_RAW) == {
        "Dataset": "orders",
        "Move": "stage_to_raw",
    }
    with pytest.raises(ValueError, match="Duration is measured for each move"):
        metrics.dimensions(Metric.DURATION, dataset="orders")
    with pytest.raises(ValueError, match="RowsChanged is not measured for each move"):
        metrics.dimensions(Metric.CHANGED, dataset="orders", move=Move.RAW_TO_INTEGRATION)
