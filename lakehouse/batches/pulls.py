"""Pulls from APIs: the pages of a pull become a batch when all are in stage; its manifest says where the next begins.

So there is one write that makes a pull count, and no cursor beside the data that could be ahead of it.
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

OFTEN, SELDOM, BY_DEFAULT = timedelta(minutes=5), timedelta(days=1), timedelta(hours=1)
"""Limits of how often a source is asked; the last where its contract does not say how fresh data must be."""

SLACK = 0.75
"""A pull that is due so soon is done now: what starts pulls comes by at its own times."""


def every(freshness: timedelta | None) -> timedelta:
    """How often to ask for what is new: twice within the age that data may have, since a run itself takes its time."""
    return min(max((freshness or 2 * BY_DEFAULT) / 2, OFTEN), SELDOM)


def last(s3: "S3Client", *, names: Names, dataset: str) -> Batch | None:
    """The newest batch that a pull brought, whose cursor is where the next pull begins; None before the first."""
    for batch_id in reversed(manifests.batch_ids(s3, names=names, dataset=dataset)):
        batch = manifests.load(s3, names=names, dataset=dataset, batch_id=batch_id)
        if batch.cursor is not None or any(f"/{PULLS}" in item.key for item in batch.objects):
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
        dataset: whose they are.
        after: the pull whose cursor this one began at.
        pages: all of them, in stage.
        cursor: where the next pull begins.

    Returns:
        the batch; None if another pull ended meanwhile, for it brought the same, and the next begins where it ended.
    """
    now = datetime.now(UTC)
    while True:
        known = manifests.batch_ids(s3, names=names, dataset=dataset)
        newest = last(s3, names=names, dataset=dataset)
        if newest is not None and newest.objects == tuple(pages):
            return newest  # the answer to our own write was lost, and botocore wrote again
        if newest != after:
            return None
        batch = Batch(
            dataset=dataset,
            batch_id=manifests.next_id(known, dataset=dataset),
            objects=tuple(pages),
            arrived_at=now,
            created_at=now,
            cursor=cursor,
        )
        if manifests.put(s3, names=names, batch=batch):
            return batch


def note(s3: "S3Client", *, names: Names, dataset: str, at: datetime) -> None:
    """Write down that a pull ended well, also one that found nothing new; only `is_due` reads it."""
    body = json.dumps({"ended_at": at.isoformat()}).encode()
    s3.put_object(Bucket=names.bucket(Zone.RAW), Key=names.pull_key(dataset=dataset), Body=body)


def is_due(s3: "S3Client", *, names: Names, dataset: str, minutes: int, now: datetime) -> bool:
    """Whether an API is to be asked again.

    Args:
        s3: S3 client.
        names: names of the deployment.
        dataset: what it is asked for.
        minutes: how often.
        now: the time.
    """
    try:
        body = s3.get_object(Bucket=names.bucket(Zone.RAW), Key=names.pull_key(dataset=dataset))["Body"].read()
    except s3.exceptions.NoSuchKey:
        return True
    ended_at = datetime.fromisoformat(json.loads(body)["ended_at"])
    return now - ended_at >= SLACK * timedelta(minutes=minutes)
