"""Manifests: the JSON files that make stage objects a batch, written before any job reads these objects.

The manifests of a dataset form a log. Batch N+1 is put with `If-None-Match: *`: of two planners that write it at once
one succeeds and the other plans again, and no object ever belongs to two batches.

Source: Amazon S3 user guide, "Conditional writes".
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PULLS = "_pulls/"
"""Folder in a dataset's stage prefix whose objects are not planned: a pull makes its pages a batch when it ends."""

BATCHES_A_RUN = 100
"""A job run takes at most this many batches, so that its arguments stay short and its time-out is meaningful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageObject:
    """One version of one object in the stage bucket.

    Attributes:
        bucket: the stage bucket.
        key: key of the object.
        etag: ETag without quotes.
        version_id: None if the bucket had no versioning when the object arrived.
        size: in bytes.
        arrived_as: URI of the object that arrived, if this one replaces it without an erased person's records.
        removed: numbers of these records, in formats whose records have numbers and no lines.
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
        """S3 URI."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def source_file(self) -> str:
        """URI that its rows have in `_source_file`; the same before and after an erasure."""
        return self.arrived_as or self.uri

    @property
    def delivery(self) -> str:
        """Folder in which it arrived; objects that a source sent together share it."""
        return self.key.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """An immutable list of stage objects.

    Attributes:
        dataset: the dataset.
        batch_id: `<dataset>-<8 digits>`; the number grows with every batch.
        objects: the stage objects that a job reads.
        arrived_at: when the newest of its objects arrived in stage.
        created_at: when it was planned.
        cursor: of a pull, the value from which the next pull starts; None if each pull reads everything.
        erased: objects as they arrived that `objects` replaces, because they had an erased person's records.
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
        return sum(stage_object.size for stage_object in self.objects)


def batch_ids(s3: "S3Client", *, names: Names, dataset: str, first: int = 1) -> dict[str, datetime]:
    """Return the ids of the batches of a dataset from a number on, oldest first, each with the time of its manifest."""
    prefix = names.batches_prefix(dataset=dataset)
    pages = s3.get_paginator("list_objects_v2").paginate(
        # The name of a manifest is longer than its batch's id, so the manifest of `first` comes after this.
        Bucket=names.bucket(Zone.RAW),
        Prefix=prefix,
        StartAfter=f"{prefix}{batch_id_of(dataset, first)}",
    )
    manifests = [manifest for page in pages for manifest in page.get("Contents", [])]
    return {
        manifest["Key"].rpartition("/")[2].removesuffix(".json"): manifest["LastModified"]
        for manifest in sorted(manifests, key=lambda manifest: manifest["Key"])
    }


def next_id(batch_ids: Iterable[str], *, dataset: str) -> str:
    """Return the id of the batch after those of a dataset."""
    return batch_id_of(dataset, max(map(number_of, batch_ids), default=0) + 1)


def batch_id_of(dataset: str, number: int) -> str:
    """Return the id of a batch; ids are in the order of planning."""
    return f"{dataset}-{number:08d}"


def number_of(batch_id: str) -> int:
    """Return the number of a batch; the first batch of a dataset has 1."""
    return int(batch_id.rpartition("-")[2])


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
        objects=tuple(map(_stage_object, manifest["objects"])),
        arrived_at=datetime.fromisoformat(manifest["arrived_at"]),
        created_at=datetime.fromisoformat(manifest["created_at"]),
        cursor=manifest.get("cursor"),
        erased=tuple(map(_stage_object, manifest.get("erased", []))),
    )


def put(s3: "S3Client", *, names: Names, batch: Batch) -> bool:
    """Write a manifest and return True, or return False if another planner wrote one with the same number first."""
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


def erase(s3: "S3Client", *, names: Names, batch: Batch, old: StageObject, new: StageObject) -> Batch:
    """Replace an object of a batch by one without an erased person's records.

    This is the only change of a manifest. The manifest keeps the key and the ETag of the object that arrived, so that
    it never becomes another batch.

    Returns:
        The batch as it is now.
    """
    objects = tuple(new if stage_object == old else stage_object for stage_object in batch.objects)
    amended = replace(batch, objects=objects, erased=(*batch.erased, old))
    s3.put_object(
        Bucket=names.bucket(Zone.RAW),
        Key=_key(names, batch.dataset, batch.batch_id),
        Body=_manifest(amended),
        ContentType="application/json",
    )
    return amended


def _stage_object(value: dict[str, Any]) -> StageObject:
    return StageObject(**value | {"removed": tuple(value.get("removed", ()))})


def _manifest(batch: Batch) -> bytes:
    times = {"arrived_at": batch.arrived_at.isoformat(), "created_at": batch.created_at.isoformat()}
    return json.dumps({**asdict(batch), **times}, indent=1).encode()


def _key(names: Names, dataset: str, batch_id: str) -> str:
    return f"{names.batches_prefix(dataset=dataset)}{batch_id}.json"
