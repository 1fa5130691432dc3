"""Move all batches that arrived in a period again, a few at a time, with newer data first.

A request object in the raw bucket stores when the backfill was requested. A batch is done if `ops.batches` has a load
of it after that time. If a backfill is interrupted, the same command continues with the remaining batches.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, manifests
from lakehouse.batches.manifests import Batch
from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Names, Zone
from lakehouse.operations.run import JobRun, run_dataset, run_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """The batches of one dataset that a backfill moves again.

    Attributes:
        dataset: the dataset.
        first, last: days of arrival of the first and the last batch, both included, in UTC.
        requested_at: when an unfinished backfill of the same period was requested; None if there is none.
        batches: all batches of the period, oldest first.
        remaining: ids of the batches that were not loaded after the request.
    """

    dataset: str
    first: date
    last: date
    requested_at: datetime | None
    batches: tuple[Batch, ...]
    remaining: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Size of the remaining batches."""
        return sum(batch.size for batch in self.batches if batch.batch_id in self.remaining)


def plan_backfill(
    s3: "S3Client", contract: Contract, *, first: date, last: date, names: Names, recorded: Iterable[attempts.Attempt]
) -> Backfill:
    """Find the batches of a period, and those that remain if a backfill of the period was interrupted.

    Args:
        s3: S3 client.
        contract: the dataset.
        first, last: days of arrival, both included, in UTC.
        names: names of the deployment.
        recorded: attempts on the dataset's batches, oldest first.

    Raises:
        LakehouseError: the first day is after the last.
    """
    if first > last:
        raise LakehouseError(f"{contract.dataset}: first day {first} is after last day {last}; exchange them")
    loaded = attempts.last_successes(recorded, Move.STAGE_TO_RAW)
    batches = tuple(
        batch
        for batch_id in manifests.batch_ids(s3, names=names, dataset=contract.dataset)
        if batch_id in loaded
        and first
        <= (batch := manifests.load(s3, names=names, dataset=contract.dataset, batch_id=batch_id)).arrived_at.date()
        <= last
    )
    batch_ids = tuple(batch.batch_id for batch in batches)
    requested_at = _requested_at(s3, names=names, dataset=contract.dataset, first=first, last=last)
    remaining = tuple(
        batch_id for batch_id in batch_ids if requested_at is None or loaded[batch_id].finished_at < requested_at
    )
    if not remaining:  # the earlier backfill is complete, so this one is new
        requested_at, remaining = None, batch_ids
    return Backfill(
        dataset=contract.dataset,
        first=first,
        last=last,
        requested_at=requested_at,
        batches=batches,
        remaining=remaining,
    )


def run_backfill(
    contract: Contract,
    backfill: Backfill,
    *,
    at_once: int,
    names: Names,
    catalog: Catalog,
    on_change: Callable[[JobRun], None],
) -> Iterator[JobRun]:
    """Move the remaining batches of a backfill; before each group, move new data that waits in stage.

    Args:
        contract: the dataset.
        backfill: the batches.
        at_once: number of job runs at the same time, each with one batch.
        names: names of the deployment.
        catalog: Iceberg catalog.
        on_change: called with every job run when it starts and when it ends, from several threads.

    Yields:
        each job run after it has ended; a failed run is the last one of its group, and no further group starts.
    """
    if backfill.requested_at is None:
        _write_request(boto3.client("s3"), backfill, names=names)
    for first in range(0, len(backfill.remaining), at_once):
        group = backfill.remaining[first : first + at_once]
        for ended in (
            *run_dataset(contract, names=names, catalog=catalog, on_change=on_change),
            *_load(contract, group, names=names, on_change=on_change),
        ):
            yield ended
            if not ended.succeeded:
                return
    yield from run_dataset(contract, names=names, catalog=catalog, on_change=on_change)


def estimate_duration(backfill: Backfill, recorded: Iterable[attempts.Attempt]) -> timedelta | None:
    """Estimate the total run time of a backfill's jobs from the median of earlier runs; None if there are none.

    Args:
        backfill: the batches.
        recorded: attempts on the dataset's batches.
    """
    durations: dict[Move, list[float]] = {}
    for attempt in recorded:
        if attempt.state == attempts.SUCCEEDED:
            seconds = (attempt.finished_at - attempt.started_at).total_seconds()
            durations.setdefault(attempt.move, []).append(seconds)
    if not durations:
        return None
    return len(backfill.remaining) * timedelta(seconds=sum(median(seconds) for seconds in durations.values()))


def _load(
    contract: Contract, batch_ids: Sequence[str], *, names: Names, on_change: Callable[[JobRun], None]
) -> list[JobRun]:
    """Load each batch by a job run of its own, all at the same time."""

    def load(batch_id: str) -> JobRun:
        glue = boto3.Session().client("glue")  # sessions are not safe to share between threads
        return run_job(glue, Move.STAGE_TO_RAW, [batch_id], names=names, contract=contract, on_change=on_change)

    with ThreadPoolExecutor(max_workers=len(batch_ids), thread_name_prefix="backfill") as pool:
        return list(pool.map(load, batch_ids))


def _request_key(names: Names, *, dataset: str, first: date, last: date) -> str:
    return f"{names.backfills_prefix(dataset=dataset)}{first}_{last}.json"


def _write_request(s3: "S3Client", backfill: Backfill, *, names: Names) -> None:
    s3.put_object(
        Bucket=names.bucket(Zone.RAW),
        Key=_request_key(names, dataset=backfill.dataset, first=backfill.first, last=backfill.last),
        Body=json.dumps({"asked_at": datetime.now(UTC).isoformat(), "batches": backfill.remaining}).encode(),
        ContentType="application/json",
    )


def _requested_at(s3: "S3Client", *, names: Names, dataset: str, first: date, last: date) -> datetime | None:
    key = _request_key(names, dataset=dataset, first=first, last=last)
    try:
        request = s3.get_object(Bucket=names.bucket(Zone.RAW), Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return datetime.fromisoformat(json.loads(request)["asked_at"])
