"""Objects under a table's location that no state of the table refers to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from pyiceberg.table import Table

from lakehouse.errors import LakehouseError
from lakehouse.maintenance.reachable import reachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

AT_ONCE = 1000
"""Keys of one DeleteObjects request, the most that S3 takes."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object that no state of its table refers to; `size` is in bytes."""

    bucket: str
    key: str
    size: int


def find(s3: "S3Client", load: Callable[[], Table], *, older_than: timedelta, now: datetime) -> list[Orphan]:
    """Orphans of a table.

    What a running writer is about to commit is no orphan although nobody refers to it yet: it is young. The table is
    loaded after its objects are listed, so what was committed in between is known.

    Args:
        s3: S3 client.
        load: gives the table as it is now.
        older_than: least age of an orphan, longer than any job runs.
        now: the time.
    """
    location = urlparse(load().location())
    prefix = location.path.strip("/") + "/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=location.netloc, Prefix=prefix)
    listed = [
        Orphan(location.netloc, item["Key"], item["Size"])
        for page in pages
        for item in page.get("Contents", [])
        if item["LastModified"] < now - older_than
    ]
    needed = {(parsed.netloc, parsed.path.lstrip("/")) for parsed in map(urlparse, reachable(load()))}
    return [orphan for orphan in listed if (orphan.bucket, orphan.key) not in needed]


def delete(s3: "S3Client", orphans: Sequence[Orphan]) -> None:
    """Delete orphans; where a bucket keeps versions, they can be brought back for as long as it does.

    Raises:
        LakehouseError: S3 refused one.
    """
    for first in range(0, len(orphans), AT_ONCE):
        part = orphans[first : first + AT_ONCE]
        keys: list[ObjectIdentifierTypeDef] = [{"Key": orphan.key} for orphan in part]
        answer = s3.delete_objects(Bucket=part[0].bucket, Delete={"Objects": keys, "Quiet": True})
        for error in answer.get("Errors", []):
            raise LakehouseError(
                f"s3://{part[0].bucket}/{error.get('Key')}: not deleted: {error.get('Code')} {error.get('Message')}"
            )
