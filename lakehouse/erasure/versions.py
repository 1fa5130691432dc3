"""List, read and delete S3 objects with all their versions; a deleted object whose versions stay is not erased."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DELETED_CODES = ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed")
"""Error codes of S3 for an object that does not exist any more; `MethodNotAllowed` is a delete marker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an object; `version_id` is None if the bucket keeps no versions."""

    bucket: str
    key: str
    version_id: str | None
    is_latest: bool
    modified: datetime

    @property
    def uri(self) -> str:
        """URI of the object, without the version."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def request(self) -> dict[str, Any]:
        """Parameters that name the version in a request to S3."""
        version = {"VersionId": self.version_id} if self.version_id else {}
        return {"Bucket": self.bucket, "Key": self.key, **version}


def versions(s3: "S3Client", bucket: str, *, prefix: str = "") -> Iterator[Version]:
    """Yield every version of every object of a bucket under a prefix."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for listed in page.get("Versions", []):
            yield Version(
                bucket=bucket,
                key=listed["Key"],
                version_id=None if listed["VersionId"] == "null" else listed["VersionId"],
                is_latest=listed["IsLatest"],
                modified=listed["LastModified"],
            )


def content(s3: "S3Client", request: dict[str, Any]) -> bytes | None:
    """Return the bytes of an object, or None if it was deleted after it was listed."""
    try:
        return s3.get_object(**request)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in DELETED_CODES:
            raise
        return None


def delete_all(s3: "S3Client", uri: str) -> None:
    """Delete every version of an object."""
    location = urlparse(uri)
    key = location.path.lstrip("/")
    for version in list(versions(s3, location.netloc, prefix=key)):
        if version.key == key:
            s3.delete_object(**version.request)
