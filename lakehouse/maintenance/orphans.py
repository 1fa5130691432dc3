"""Find and delete orphan files: objects in a table's folder that no state of the table refers to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from pyiceberg.table import Table

from lakehouse.errors import LakehouseError
from lakehouse.maintenance.reachable import reachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

KEYS_A_REQUEST = 1000
"""Most keys of one DeleteObjects request. Source: Amazon S3 API reference, "DeleteObjects"."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """An orphan file; `size` is in bytes."""

    bucket: str
    key: str
    size: int


def find(s3: "S3Client", load: Callable[[], Table], *, older_than: timedelta, now: datetime) -> list[Orphan]:
    """Return the orphan files of a table.

    Files that a running writer has not committed yet are no orphans; they are excluded by their age. The table is
    loaded after its objects are listed, so files that were committed in between are not taken for orphans.

    Args:
        s3: S3 client.
        load: loads the current state of the table.
        older_than: minimum age of an orphan file, longer than any job run.
        now: current time.
    """
    location = urlparse(load().location())
    prefix = location.path.strip("/") + "/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=location.netloc, Prefix=prefix)
    listed = [
        Orphan(location.netloc, entry["Key"], entry["Size"])
        for page in pages
        for entry in page.get("Contents", [])
        if entry["LastModified"] < now - older_than
    ]
    reachable_files = {(parsed.netloc, parsed.path.lstrip("/")) for parsed in map(urlparse, reachable(load()))}
    return [orphan for orphan in listed if (orphan.bucket, orphan.key) not in reachable_files]


def delete(s3: "S3Client", orphans: Sequence[Orphan]) -> None:
    """Delete orphan files; in a bucket with versions they can be restored until the old versions expire.

    Raises:
        LakehouseError: S3 refused to delete a file.
    """
    for first in range(0, len(orphans), KEYS_A_REQUEST):
        part = orphans[first : first + KEYS_A_REQUEST]
        keys: list[ObjectIdentifierTypeDef] = [{"Key": orphan.key} for orphan in part]
        answer = s3.delete_objects(Bucket=part[0].bucket, Delete={"Objects": keys, "Quiet": True})
        for error in answer.get("Errors", []):
            raise LakehouseError(
                f"s3://{part[0].bucket}/{error.get('Key')} was not deleted: {error.get('Code')} "
                f"{error.get('Message')}; fix the cause and run `lakehouse maintain` again"
            )


def delete_uris(s3: "S3Client", uris: Iterable[str]) -> None:
    """Delete files that are given by their URIs.

    Raises:
        LakehouseError: S3 refused to delete a file.
    """
    for bucket, group in groupby(sorted(map(urlparse, uris), key=lambda uri: uri.netloc), key=lambda uri: uri.netloc):
        delete(s3, [Orphan(bucket, uri.path.lstrip("/"), 0) for uri in group])
