"""List the objects of a dataset in stage: all of them, or those whose keys come after the keys that are known."""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from lakehouse.batches.manifests import PULLS, StageObject
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1000
"""Most object versions of one page of a listing. Source: Amazon S3 API reference, "ListObjectVersions"."""

MARGIN = 500
"""So many of the last keys are listed again each time, because objects do not arrive exactly in the order of keys."""


class Arrival(NamedTuple):
    """An object version and the time at which it arrived."""

    at: datetime
    stage_object: StageObject


class Listing(NamedTuple):
    """Object versions of a dataset in stage, oldest first.

    Attributes:
        arrivals: what can be planned.
        arrived: time and key of each version, also of pages of pulls and of folder markers.
    """

    arrivals: list[Arrival]
    arrived: list[tuple[datetime, str]]


def listing(s3: "S3Client", *, names: Names, prefix: str, after: str) -> Listing:
    """List every version that ever arrived and has a key after a key; a name that was sent twice was received twice."""
    bucket = names.bucket(Zone.STAGE)
    paginator = s3.get_paginator("list_object_versions")
    pages = (
        paginator.paginate(Bucket=bucket, Prefix=prefix, KeyMarker=after)  # type: ignore[call-arg]  # not in the stubs
        if after
        else paginator.paginate(Bucket=bucket, Prefix=prefix)
    )
    versions = [version for page in pages for version in page.get("Versions", []) if version["Key"] > after]
    versions.sort(key=lambda version: (version["LastModified"], version["Key"]))
    return Listing(
        arrivals=[
            Arrival(
                at=version["LastModified"],
                stage_object=StageObject(
                    bucket=bucket,
                    key=version["Key"],
                    etag=version["ETag"].strip('"'),
                    version_id=None if version["VersionId"] == "null" else version["VersionId"],
                    size=version["Size"],
                ),
            )
            for version in versions
            if not version["Key"].endswith("/") and not version["Key"].startswith(f"{prefix}{PULLS}")
        ],
        arrived=[(version["LastModified"], version["Key"]) for version in versions],
    )


def last_keys(arrived: Iterable[tuple[datetime, str]]) -> str:
    """Return the key after which new objects can be expected; "" if no such key is known.

    Nothing is expected after a key if one page has all objects, or if the objects did not arrive in the order of their
    keys: a name that is sent again, or names without a time.

    Args:
        arrived: time and key of all object versions of a dataset, oldest first.
    """
    last: list[str] = []
    count = 0
    for count, (_, key) in enumerate(arrived, start=1):  # noqa: B007 - used after the loop
        if len(last) <= MARGIN:
            heapq.heappush(last, key)
        elif key <= last[0]:
            return ""
        else:
            heapq.heapreplace(last, key)
    return last[0] if count > PAGE else ""
