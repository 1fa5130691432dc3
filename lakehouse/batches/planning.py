"""Plan batches: list the objects that wait in stage and write the next manifest of a dataset."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lakehouse.batches import manifests
from lakehouse.batches.manifests import PULLS, Batch, StageObject
from lakehouse.contracts.model import Ingest
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH_BYTES = 64 * 2**30
"""A batch takes no more objects after this size, so that the time of one job run is limited."""


class Arriving(Protocol):
    """What planning needs of a contract."""

    @property
    def dataset(self) -> str: ...
    @property
    def stage_prefix(self) -> str: ...
    @property
    def ingest(self) -> Ingest: ...


class _Arrival(NamedTuple):
    at: datetime
    stage_object: StageObject


def plan_batch(s3: "S3Client", *, names: Names, contract: Arriving) -> Batch | None:
    """Write the next batch of a dataset: all objects under its stage prefix that are in no batch yet.

    Args:
        s3: S3 client.
        names: names of the deployment.
        contract: the dataset.

    Returns:
        The new batch, or None if no object waits.
    """
    dataset = contract.dataset
    while True:
        written_at = manifests.batch_ids(s3, names=names, dataset=dataset)
        arrivals = list(_arrivals(s3, names=names, prefix=contract.stage_prefix))
        # A manifest that is older than every object still in stage can name none of them. Stage expires, so the work
        # here is limited by its retention and not by the age of the dataset.
        oldest = min((arrival.at for arrival in arrivals), default=None)
        batched = {
            stage_object
            for batch_id, at in written_at.items()
            if oldest is not None and at >= oldest
            for batch in [manifests.load(s3, names=names, dataset=dataset, batch_id=batch_id)]
            for stage_object in (*batch.objects, *batch.erased)
        }
        waiting = [arrival for arrival in arrivals if arrival.stage_object not in batched]
        if not waiting:
            return None
        if contract.ingest is Ingest.SNAPSHOT:
            # Each delivery is a complete state and must not be mixed with the next.
            delivery = waiting[0].stage_object.delivery
            waiting = [arrival for arrival in waiting if arrival.stage_object.delivery == delivery]
        taken = list(_up_to(waiting, limit=BATCH_BYTES))
        batch = Batch(
            dataset=dataset,
            batch_id=manifests.next_id(written_at, dataset=dataset),
            objects=tuple(arrival.stage_object for arrival in taken),
            arrived_at=taken[-1].at,
            created_at=datetime.now(UTC),
        )
        if manifests.put(s3, names=names, batch=batch):
            return batch


def _arrivals(s3: "S3Client", *, names: Names, prefix: str) -> Iterator[_Arrival]:
    """Yield every version that ever arrived, oldest first: a file sent twice under one name was received twice."""
    bucket = names.bucket(Zone.STAGE)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    versions = [
        version
        for page in pages
        for version in page.get("Versions", [])
        if not version["Key"].endswith("/") and not version["Key"].startswith(f"{prefix}{PULLS}")
    ]
    for version in sorted(versions, key=lambda version: (version["LastModified"], version["Key"])):
        yield _Arrival(
            at=version["LastModified"],
            stage_object=StageObject(
                bucket=bucket,
                key=version["Key"],
                etag=version["ETag"].strip('"'),
                version_id=None if version["VersionId"] == "null" else version["VersionId"],
                size=version["Size"],
            ),
        )


def _up_to(arrivals: list[_Arrival], *, limit: int) -> Iterator[_Arrival]:
    total = 0
    for arrival in arrivals:
        total += arrival.stage_object.size
        yield arrival
        if total >= limit:
            return
