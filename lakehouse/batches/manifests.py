"""Batches: immutable lists of stage objects, written down before any job reads them.

A dataset's manifests form a log: batch N+1 is put with `If-None-Match: *`, so of two planners that race one wins
and the other plans again, and no object ever belongs to two batches.

Source: Amazon S3 user guide, "Conditional writes".
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from lakehouse.contracts.model import Ingest
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH_BYTES = 64 * 2**30
"""A batch stops growing here, so that one job run has an end; the rest waits for the next batch."""

PULLS = "_pulls/"
"""Folder of a dataset's stage prefix whose objects no plan takes: what a pull brings is a batch when it is complete."""

BATCHES_A_RUN = 100
"""A job run takes at most this many batches, so that its arguments stay short and its time-out means something."""


class Arriving(Protocol):
    """What planning asks of a contract."""

    @property
    def dataset(self) -> str: ...
    @property
    def stage_prefix(self) -> str: ...
    @property
    def ingest(self) -> Ingest: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StageObject:
    """One version of one object in the stage bucket.

    Args:
        size: in bytes.
        arrived_as: URI of the object that arrived, if this one stands for it without an erased person's records.
        removed: numbers of these, where records have numbers rather than lines.
    """

    bucket: str
    key: str
    etag: str
    version_id: str | None
    size: int
    arrived_as: str | None = None
    removed: tuple[int, ...] = ()

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def source_file(self) -> str:
        """What its rows call it: they are the same rows after an erasure."""
        return self.arrived_as or self.uri

    @property
    def delivery(self) -> str:
        """The folder it arrived in: objects that a source sent together share it."""
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """An immutable list of stage objects; `batch_id` is `<dataset>-<8 digits>` and grows with every batch.

    Args:
        arrived_at: when the newest of its objects arrived in stage.
        created_at: when it was planned.
        cursor: of a pull, what the next one asks the API for; None where it asks for all.
        erased: objects as they arrived in whose place others are read, which lack an erased person's records.
    """

    dataset: str
    batch_id: str
    objects: tuple[StageObject, ...]
    arrived_at: datetime
    created_at: datetime
    cursor: str | None = None
    erased: tuple[StageObject, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return sum(item.size for item in self.objects)


def batch_ids(s3: "S3Client", *, names: Names, dataset: str) -> dict[str, datetime]:
    """Ids of all batches of a dataset, oldest first, each with the time its manifest was written."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=names.bucket(Zone.RAW), Prefix=names.batches_prefix(dataset=dataset)
    )
    manifests = [item for page in pages for item in page.get("Contents", [])]
    return {
        item["Key"].rpartition("/")[2].removesuffix(".json"): item["LastModified"]
        for item in sorted(manifests, key=lambda item: item["Key"])
    }


def load(s3: "S3Client", *, names: Names, dataset: str, batch_id: str) -> Batch:
    """Read one manifest.

    Raises:
        LakehouseError: there is no such batch.
    """
    try:
        body = s3.get_object(Bucket=names.bucket(Zone.RAW), Key=_key(names, dataset, batch_id))["Body"].read()
    except s3.exceptions.NoSuchKey as error:
        raise LakehouseError(
            f"{dataset}: no batch {batch_id} in s3://{names.bucket(Zone.RAW)}/{names.batches_prefix(dataset=dataset)}; "
            "`lakehouse run` plans one when objects wait in stage"
        ) from error
    manifest = json.loads(body)
    return Batch(
        dataset=manifest["dataset"],
        batch_id=manifest["batch_id"],
        objects=tuple(map(_object, manifest["objects"])),
        arrived_at=datetime.fromisoformat(manifest["arrived_at"]),
        created_at=datetime.fromisoformat(manifest["created_at"]),
        cursor=manifest.get("cursor"),
        erased=tuple(map(_object, manifest.get("erased", []))),
    )


def plan(s3: "S3Client", *, names: Names, contract: Arriving) -> Batch | None:
    """Write the next batch of a dataset: every object under its stage prefix that no batch has yet.

    Args:
        s3: S3 client.
        names: names of the deployment.
        contract: the dataset.

    Returns:
        The new batch, or None when nothing waits.
    """
    dataset = contract.dataset
    while True:
        known = batch_ids(s3, names=names, dataset=dataset)
        arrived = list(_arrivals(s3, names=names, prefix=contract.stage_prefix))
        # A manifest that is older than every object still in stage can name none of them: stage expires, so the
        # work here is bounded by its retention and not by the dataset's age.
        oldest = min((arrival.at for arrival in arrived), default=None)
        taken = {
            item
            for batch_id, written in known.items()
            if oldest is not None and written >= oldest
            for batch in [load(s3, names=names, dataset=dataset, batch_id=batch_id)]
            for item in (*batch.objects, *batch.erased)
        }
        waiting = [arrival for arrival in arrived if arrival.item not in taken]
        if not waiting:
            return None
        if contract.ingest is Ingest.SNAPSHOT:
            # Each delivery is a complete state of its own and must not be mixed with the next.
            waiting = [arrival for arrival in waiting if arrival.item.delivery == waiting[0].item.delivery]
        batched = list(_up_to(waiting, limit=BATCH_BYTES))
        batch = Batch(
            dataset=dataset,
            batch_id=next_id(known, dataset=dataset),
            objects=tuple(arrival.item for arrival in batched),
            arrived_at=batched[-1].at,
            created_at=datetime.now(UTC),
        )
        if put(s3, names=names, batch=batch):
            return batch


def _object(item: dict[str, Any]) -> StageObject:
    return StageObject(**item | {"removed": tuple(item.get("removed", ()))})


def next_id(known: Iterable[str], *, dataset: str) -> str:
    """Id of the batch after those that are known."""
    number = max((int(batch_id.rpartition("-")[2]) for batch_id in known), default=0) + 1
    return f"{dataset}-{number:08d}"


def erase(s3: "S3Client", *, names: Names, batch: Batch, old: StageObject, new: StageObject) -> Batch:
    """Have a batch read an object without an erased person's records in the place of the one that arrived.

    It is the one change that a manifest allows. It keeps what arrived, without its content: that key and ETag never
    become another batch.
    """
    objects = tuple(new if item == old else item for item in batch.objects)
    amended = replace(batch, objects=objects, erased=(*batch.erased, old))
    s3.put_object(
        Bucket=names.bucket(Zone.RAW),
        Key=_key(names, batch.dataset, batch.batch_id),
        Body=_manifest(amended),
        ContentType="application/json",
    )
    return amended


def _manifest(batch: Batch) -> bytes:
    times = {"arrived_at": batch.arrived_at.isoformat(), "created_at": batch.created_at.isoformat()}
    return json.dumps({**asdict(batch), **times}, indent=1).encode()


def put(s3: "S3Client", *, names: Names, batch: Batch) -> bool:
    """Write a manifest unless another planner took its number; whether it was written."""
    try:
        s3.put_object(
            Bucket=names.bucket(Zone.RAW),
            Key=_key(names, batch.dataset, batch.batch_id),
            Body=_manifest(batch),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return False
        raise
    return True


def _key(names: Names, dataset: str, batch_id: str) -> str:
    return f"{names.batches_prefix(dataset=dataset)}{batch_id}.json"


class _Arrival(NamedTuple):
    at: datetime
    item: StageObject


def _arrivals(s3: "S3Client", *, names: Names, prefix: str) -> Iterator[_Arrival]:
    """Every version that ever arrived, oldest first: a file sent twice under one name was received twice."""
    bucket = names.bucket(Zone.STAGE)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    versions = [
        item
        for page in pages
        for item in page.get("Versions", [])
        if not item["Key"].endswith("/") and not item["Key"].startswith(f"{prefix}{PULLS}")
    ]
    for item in sorted(versions, key=lambda item: (item["LastModified"], item["Key"])):
        yield _Arrival(
            at=item["LastModified"],
            item=StageObject(
                bucket=bucket,
                key=item["Key"],
                etag=item["ETag"].strip('"'),
                version_id=None if item["VersionId"] == "null" else item["VersionId"],
                size=item["Size"],
            ),
        )


def _up_to(arrivals: list[_Arrival], *, limit: int) -> Iterator[_Arrival]:
    total = 0
    for arrival in arrivals:
        total += arrival.item.size
        yield arrival
        if total >= limit:
            return
