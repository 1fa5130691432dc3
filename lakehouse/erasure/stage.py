"""Replace stage objects by copies without a person's records."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lakehouse.batches import manifests
from lakehouse.batches.manifests import Batch, StageObject
from lakehouse.batches.planning import plan_batches
from lakehouse.erasure.records import Remainder, remove_records
from lakehouse.erasure.subject import Subject
from lakehouse.erasure.versions import content
from lakehouse.names import Names
from lakehouse.readers.numbers import original_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def erase(s3: "S3Client", subject: Subject, *, names: Names, dry_run: bool) -> int:
    """Remove a person's records from all stage objects of a dataset.

    Waiting objects are planned first, so that every object belongs to a batch. For each object with such records a copy
    without them is written outside of the dataset's prefix, the manifest of the batch is changed to the copy, and the
    version that arrived is deleted. An interruption between two of these steps neither loses nor doubles a record: the
    next run continues.

    Returns:
        the number of records that were removed, or with `dry_run` would be.
    """
    contract = subject.contract
    if not dry_run and contract.source.type != "api":
        plan_batches(s3, names=names, contract=contract, list_all=True)
    removed = 0
    for batch_id in manifests.batch_ids(s3, names=names, dataset=contract.dataset):
        batch = manifests.load(s3, names=names, dataset=contract.dataset, batch_id=batch_id)
        if not dry_run:
            for replaced in batch.erased:  # an interrupted run may not have deleted it
                _delete(s3, replaced)
        for old, arrived in _contents(s3, batch):
            remainder = remove_records(arrived, subject, uri=old.uri)
            removed += remainder.count
            if remainder.count and not dry_run:
                new = _put(s3, old, remainder, names=names, dataset=contract.dataset)
                batch = manifests.erase(s3, names=names, batch=batch, old=old, new=new)
                _delete(s3, old)
    return removed


def _contents(s3: "S3Client", batch: Batch) -> Iterator[tuple[StageObject, bytes]]:
    """Yield the objects of a batch that still exist, with their content."""
    for stage_object in batch.objects:
        body = content(s3, _request(stage_object))
        if body is not None:  # objects in stage expire
            yield stage_object, body


def _put(s3: "S3Client", old: StageObject, remainder: Remainder, *, names: Names, dataset: str) -> StageObject:
    """Write the copy of an object; its key is derived from the old version, so a repeated run writes the same one."""
    version = hashlib.sha256(f"{old.key} {old.version_id} {old.etag}".encode()).hexdigest()[:16]
    key = f"{names.erased_prefix(dataset=dataset)}{version}-{old.key.rpartition('/')[2]}"
    answer = s3.put_object(Bucket=old.bucket, Key=key, Body=remainder.content)
    return StageObject(
        bucket=old.bucket,
        key=key,
        etag=answer["ETag"].strip('"'),
        version_id=answer.get("VersionId"),
        size=len(remainder.content),
        arrived_as=old.source_file,
        # Numbers as the records had them on arrival, before any of them was removed.
        removed=tuple(sorted((*old.removed, *original_rows(remainder.removed, old.removed)))),
    )


def _delete(s3: "S3Client", stage_object: StageObject) -> None:
    s3.delete_object(**_request(stage_object))


def _request(stage_object: StageObject) -> dict[str, Any]:
    """Return the parameters that name an object version in a request to S3."""
    version = {"VersionId": stage_object.version_id} if stage_object.version_id else {}
    return {"Bucket": stage_object.bucket, "Key": stage_object.key, **version}
