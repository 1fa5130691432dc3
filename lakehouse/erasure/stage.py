"""Stage objects written anew without a person's records."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.batches import manifests
from lakehouse.batches.manifests import Batch, StageObject
from lakehouse.batches.planning import plan_batch
from lakehouse.erasure.records import Left, without
from lakehouse.erasure.subject import Subject
from lakehouse.erasure.versions import content
from lakehouse.names import Names
from lakehouse.readers.numbers import original_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def erase(s3: "S3Client", subject: Subject, *, names: Names, dry_run: bool) -> int:
    """Take a person's records out of all stage objects of a dataset.

    What waits is planned first, so that every object is of a batch. Each object that has such records is written anew
    beside the dataset's prefix, its batch reads that one from then on, and the version that arrived is deleted. Dying
    between two of these steps loses and doubles nothing: what is left is done by the next run.

    Returns:
        how many records were taken out, or would be.
    """
    contract = subject.contract
    while not dry_run and contract.source.type != "api" and plan_batch(s3, names=names, contract=contract):
        pass
    removed = 0
    for batch_id in manifests.batch_ids(s3, names=names, dataset=contract.dataset):
        batch = manifests.load(s3, names=names, dataset=contract.dataset, batch_id=batch_id)
        if not dry_run:
            for item in batch.erased:  # of a run that died before it was deleted
                _delete(s3, item)
        for item, arrived in _contents(s3, batch):
            left = without(arrived, subject, uri=item.uri)
            removed += left.count
            if left.count and not dry_run:
                new = _put(s3, item, left, names=names, dataset=contract.dataset)
                batch = manifests.erase(s3, names=names, batch=batch, old=item, new=new)
                _delete(s3, item)
    return removed


def _contents(s3: "S3Client", batch: Batch) -> Iterator[tuple[StageObject, bytes]]:
    """Objects of a batch that are still there."""
    for item in batch.objects:
        version = {"VersionId": item.version_id} if item.version_id else {}
        found = content(s3, {"Bucket": item.bucket, "Key": item.key, **version})
        if found is not None:  # stage expires
            yield item, found


def _put(s3: "S3Client", item: StageObject, left: Left, *, names: Names, dataset: str) -> StageObject:
    """An object that was written anew; its key follows from the old one, so a run that is repeated leaves one."""
    version = hashlib.sha256(f"{item.key} {item.version_id} {item.etag}".encode()).hexdigest()[:16]
    key = f"{names.erased_prefix(dataset=dataset)}{version}-{item.key.rpartition('/')[2]}"
    answer = s3.put_object(Bucket=item.bucket, Key=key, Body=left.content)
    return StageObject(
        bucket=item.bucket,
        key=key,
        etag=answer["ETag"].strip('"'),
        version_id=answer.get("VersionId"),
        size=len(left.content),
        arrived_as=item.source_file,
        removed=_numbers(item.removed, left.removed),
    )


def _numbers(before: tuple[int, ...], now: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers that removed records had when their object arrived.

    Args:
        before: those that were removed earlier.
        now: numbers, among the records that were left then, of those that are removed now.
    """
    return tuple(sorted((*before, *original_rows(now, before))))


def _delete(s3: "S3Client", item: StageObject) -> None:
    version = {"VersionId": item.version_id} if item.version_id else {}
    s3.delete_object(Bucket=item.bucket, Key=item.key, **version)  # type: ignore[arg-type]
