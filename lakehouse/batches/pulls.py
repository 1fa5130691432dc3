"""Pulls from APIs: the pages of a pull become a batch when all are in stage; the manifest has the next pull's cursor.

One write commits both the pages and the cursor, so the cursor can never be ahead of the data.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lakehouse.batches import manifests
from lakehouse.batches.manifests import PULLS, Batch, StageObject
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(minutes=5), timedelta(days=1)
"""Limits of the time between two pulls of a dataset."""

DEFAULT_INTERVAL = timedelta(hours=1)
"""Time between two pulls if the contract promises no freshness."""

DUE_AFTER = 0.75
"""A pull is due after this part of the interval, because the planner runs at times of its own."""


def interval(freshness: timedelta | None) -> timedelta:
    """Return the time between two pulls: half of the promised freshness, because a run itself takes time."""
    return min(max((freshness or 2 * DEFAULT_INTERVAL) / 2, SHORTEST_INTERVAL), LONGEST_INTERVAL)


def last(s3: "S3Client", *, names: Names, dataset: str) -> Batch | None:
    """Return the newest batch of a pull, with the cursor of the next pull; None before the first pull."""
    for batch_id in reversed(manifests.batch_ids(s3, names=names, dataset=dataset)):
        batch = manifests.load(s3, names=names, dataset=dataset, batch_id=batch_id)
        if batch.cursor is not None or any(f"/{PULLS}" in stage_object.key for stage_object in batch.objects):
            return batch
    return None


def commit(
    s3: "S3Client",
    *,
    names: Names,
    dataset: str,
    after: Batch | None,
    pages: Sequence[StageObject],
    cursor: str | None,
) -> Batch | None:
    """Make the pages of a pull the dataset's next batch.

    Args:
        s3: S3 client.
        names: names of the deployment.
        dataset: the dataset.
        after: batch of the previous pull, whose cursor this pull started from.
        pages: all pages, in stage.
        cursor: value from which the next pull starts; None if each pull reads everything.

    Returns:
        The batch, or None if another pull committed after `after`: it has the same data, so these pages are not needed.
    """
    now = datetime.now(UTC)
    while True:
        batch_ids = manifests.batch_ids(s3, names=names, dataset=dataset)
        newest = last(s3, names=names, dataset=dataset)
        if newest is not None and newest.objects == tuple(pages):
            return newest  # written by this call: botocore retried after it lost the response
        if newest != after:
            return None
        batch = Batch(
            dataset=dataset,
            batch_id=manifests.next_id(batch_ids, dataset=dataset),
            objects=tuple(pages),
            arrived_at=now,
            created_at=now,
            cursor=cursor,
        )
        if manifests.put(s3, names=names, batch=batch):
            return batch


def record_end(s3: "S3Client", *, names: Names, dataset: str, at: datetime) -> None:
    """Store the time of a successful pull, also of one without new data, for `is_due`."""
    body = json.dumps({"ended_at": at.isoformat()}).encode()
    s3.put_object(Bucket=names.bucket(Zone.RAW), Key=names.pull_key(dataset=dataset), Body=body)


def is_due(s3: "S3Client", *, names: Names, dataset: str, minutes: int, now: datetime) -> bool:
    """Return whether a dataset must be pulled again.

    Args:
        s3: S3 client.
        names: names of the deployment.
        dataset: the dataset.
        minutes: time between two pulls.
        now: the current time.
    """
    try:
        body = s3.get_object(Bucket=names.bucket(Zone.RAW), Key=names.pull_key(dataset=dataset))["Body"].read()
    except s3.exceptions.NoSuchKey:
        return True
    ended_at = datetime.fromisoformat(json.loads(body)["ended_at"])
    return now - ended_at >= DUE_AFTER * timedelta(minutes=minutes)
