"""Move batches of a period again, some at a time, and only while nothing newer waits.

What a backfill is about is written down before its first job starts, in the raw bucket. A batch is done when it was
loaded since then, which `ops.batches` tells: whoever asks for the same period again takes up what is left.
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
from lakehouse.operations import run as runner
from lakehouse.operations.run import JobRun

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """Batches of one dataset that are to be moved again.

    Args:
        dataset: the dataset.
        first, last: days between which the batches arrived, both included, in UTC.
        asked_at: when it was asked for; None if it was not yet.
        batches: all its batches, oldest first.
        left: ids of those that were not loaded since.
    """

    dataset: str
    first: date
    last: date
    asked_at: datetime | None
    batches: tuple[Batch, ...]
    left: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Size of what is left to read."""
        return sum(batch.size for batch in self.batches if batch.batch_id in self.left)


def look(
    s3: "S3Client", contract: Contract, *, first: date, last: date, names: Names, done: Iterable[attempts.Attempt]
) -> Backfill:
    """What a backfill of a period is about, and how far it is if it was begun.

    Args:
        s3: S3 client.
        contract: the dataset.
        first, last: days of arrival, both included, in UTC.
        names: names of the deployment.
        done: attempts on the dataset's batches, oldest first.
    """
    loaded = attempts.last_successes(done, Move.STAGE_TO_RAW)
    found = tuple(
        batch
        for batch_id in manifests.batch_ids(s3, names=names, dataset=contract.dataset)
        if batch_id in loaded
        and first
        <= (batch := manifests.load(s3, names=names, dataset=contract.dataset, batch_id=batch_id)).arrived_at.date()
        <= last
    )
    asked_at = _asked_at(s3, names=names, dataset=contract.dataset, first=first, last=last)
    left = tuple(batch.batch_id for batch in found if asked_at is None or loaded[batch.batch_id].finished_at < asked_at)
    if asked_at is not None and not left:  # that one is over
        asked_at, left = None, tuple(batch.batch_id for batch in found)
    return Backfill(dataset=contract.dataset, first=first, last=last, asked_at=asked_at, batches=found, left=left)


def run(
    contract: Contract,
    backfill: Backfill,
    *,
    at_once: int,
    names: Names,
    catalog: Catalog,
    on_change: Callable[[JobRun], None],
) -> Iterator[JobRun]:
    """Move what is left of a backfill; what waits in stage goes first, each time anew.

    Args:
        contract: the dataset.
        backfill: what to move.
        at_once: job runs at the same time, one batch each.
        names: names of the deployment.
        catalog: Iceberg catalog.
        on_change: told of every job run when it starts and when it ends; called from several threads.

    Yields:
        the ended job runs; the last one failed if a run failed, and nothing was started after it.
    """
    if backfill.asked_at is None:
        _ask(boto3.client("s3"), backfill, names=names)
    for group in _groups(backfill.left, at_once):
        for ended in (
            *runner.run_dataset(contract, names=names, catalog=catalog, on_change=on_change),
            *_load(contract, group, names=names, on_change=on_change),
        ):
            yield ended
            if not ended.succeeded:
                return
    yield from runner.run_dataset(contract, names=names, catalog=catalog, on_change=on_change)


def estimate(backfill: Backfill, done: Iterable[attempts.Attempt]) -> timedelta | None:
    """How long the jobs of a backfill run in all, one after the other, by the runs before; None if there were none.

    Args:
        backfill: what is to be moved.
        done: attempts on the dataset's batches.
    """
    durations: dict[Move, list[float]] = {}
    for attempt in done:
        if attempt.state == attempts.SUCCEEDED:
            seconds = (attempt.finished_at - attempt.started_at).total_seconds()
            durations.setdefault(attempt.move, []).append(seconds)
    if not durations:
        return None
    return len(backfill.left) * timedelta(seconds=sum(median(of_move) for of_move in durations.values()))


def _load(
    contract: Contract, batch_ids: Sequence[str], *, names: Names, on_change: Callable[[JobRun], None]
) -> list[JobRun]:
    def load(batch_id: str) -> JobRun:
        glue = boto3.Session().client("glue")  # sessions are not safe to share between threads
        return runner.run_job(glue, Move.STAGE_TO_RAW, [batch_id], names=names, contract=contract, on_change=on_change)

    with ThreadPoolExecutor(max_workers=len(batch_ids), thread_name_prefix="backfill") as pool:
        return list(pool.map(load, batch_ids))


def _groups(batch_ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (batch_ids[first : first + size] for first in range(0, len(batch_ids), size))


def _key(names: Names, *, dataset: str, first: date, last: date) -> str:
    return f"{names.backfills_prefix(dataset=dataset)}{first}_{last}.json"


def _ask(s3: "S3Client", backfill: Backfill, *, names: Names) -> None:
    s3.put_object(
        Bucket=names.bucket(Zone.RAW),
        Key=_key(names, dataset=backfill.dataset, first=backfill.first, last=backfill.last),
        Body=json.dumps({"asked_at": datetime.now(UTC).isoformat(), "batches": backfill.left}).encode(),
        ContentType="application/json",
    )


def _asked_at(s3: "S3Client", *, names: Names, dataset: str, first: date, last: date) -> datetime | None:
    if first > last:
        raise LakehouseError(f"{dataset}: {first} is after {last}: give the first day, then the last")
    try:
        body = s3.get_object(Bucket=names.bucket(Zone.RAW), Key=_key(names, dataset=dataset, first=first, last=last))[
            "Body"
        ].read()
    except s3.exceptions.NoSuchKey:
        return None
    return datetime.fromisoformat(json.loads(body)["asked_at"])
