"""Backfills: the batches of a period, what is left of them, and that nothing newer waits for them."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.batches import attempts
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Names, Zone
from lakehouse.operations import backfill
from lakehouse.operations.backfill import Backfill
from lakehouse.operations.run import JobRun
from tests.support.moves.planned import plan_batch
from tests.support.till_contract import TILL

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")
TODAY = datetime.now(UTC).date()
AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def s3(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> "S3Client":
    """Three batches."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    for number in range(1, 4):
        s3.put_object(Bucket=NAMES.bucket(Zone.STAGE), Key=f"{TILL.stage_prefix}{number}.csv", Body=b"12345")
        assert plan_batch(s3, names=NAMES, contract=TILL) is not None
    return s3


def loaded(number: int, *, at: datetime = AGO) -> attempts.Attempt:
    return attempts.Attempt(
        dataset=TILL.dataset,
        batch_id=f"till-{number:08}",
        move=Move.STAGE_TO_RAW,
        state=attempts.SUCCEEDED,
        started_at=at - timedelta(seconds=30),
        finished_at=at,
        run_id="jr_1",
    )


LOADED = [loaded(number) for number in range(1, 4)]


def looked(s3: "S3Client", done: list[attempts.Attempt], *, first: date = TODAY, last: date = TODAY) -> Backfill:
    return backfill.plan_backfill(s3, TILL, first=first, last=last, names=NAMES, recorded=done)


class Jobs:
    """Takes the place of the runner: tells what was started, and how many at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failing: str = "") -> None:
        self.started: list[str] = []
        self.failing = failing
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(2, timeout=10)
        monkeypatch.setattr(backfill, "run_dataset", self._waiting)
        monkeypatch.setattr(backfill, "run_job", self._job)

    def _waiting(self, *_: Any, **__: Any) -> list[JobRun]:
        self.started.append("what waits")
        return []

    def _job(self, _: Any, move: Move, batch_ids: list[str], **__: Any) -> JobRun:
        with self._lock:
            self.started += batch_ids
            self._now += 1
            self.most = max(self.most, self._now)
            number = len(self.started)
        if number <= 3:  # the first two jobs, after what waits, are there together
            self._together.wait()
        with self._lock:
            self._now -= 1
        state = "FAILED" if self.failing in batch_ids else "SUCCEEDED"
        return JobRun(dataset=TILL.dataset, move=move, batch_ids=tuple(batch_ids), run_id="jr_2", state=state)

    def run(self, found: Backfill) -> list[JobRun]:
        catalog: Any = None  # only the patched functions would use it
        return list(
            backfill.run_backfill(TILL, found, at_once=2, names=NAMES, catalog=catalog, on_change=lambda _: None)
        )


def test_a_period_has_the_batches_that_arrived_in_it_and_are_loaded(s3: "S3Client") -> None:
    found = looked(s3, LOADED[:2])
    assert found.remaining == ("till-00000001", "till-00000002")
    assert (found.bytes, found.requested_at) == (10, None)
    yesterday = TODAY - timedelta(days=1)
    assert looked(s3, LOADED, first=yesterday, last=yesterday).batches == ()
    with pytest.raises(LakehouseError, match="is after last day"):
        looked(s3, LOADED, last=yesterday)


def test_what_waits_goes_first_and_no_more_than_asked_for_run_at_once(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(monkeypatch)
    ended = jobs.run(looked(s3, LOADED))
    assert len(ended) == 3
    assert jobs.most == 2
    first, *two, again, last, end = jobs.started
    assert (first, again, last, end) == ("what waits", "what waits", "till-00000003", "what waits")
    assert sorted(two) == ["till-00000001", "till-00000002"]


def test_stopped_it_takes_up_what_is_left_and_over_it_can_be_asked_for_again(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(monkeypatch, failing="till-00000002")
    assert [run.succeeded for run in jobs.run(looked(s3, LOADED))] == [True, False]
    assert "till-00000003" not in jobs.started
    later = [*LOADED, loaded(1, at=datetime.now(UTC))]
    found = looked(s3, later)
    assert found.requested_at is not None
    assert found.remaining == ("till-00000002", "till-00000003")
    over = looked(s3, [*later, *(loaded(number, at=datetime.now(UTC)) for number in (2, 3))])
    assert (over.requested_at, len(over.remaining)) == (None, 3)


def test_it_is_estimated_by_the_runs_before(s3: "S3Client") -> None:
    assert backfill.estimate_duration(looked(s3, LOADED), LOADED) == timedelta(seconds=90)
    assert backfill.estimate_duration(looked(s3, LOADED), []) is None
