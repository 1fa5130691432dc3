"""Objects in all their versions: a deletion that can be undone is none."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


GONE = ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an object; `version_id` is None where the bucket keeps none."""

    bucket: str
    key: str
    version_id: str | None
    is_latest: bool
    modified: datetime

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def request(self) -> dict[str, Any]:
        """What names it in a request to S3."""
        version = {"VersionId": self.version_id} if self.version_id else {}
        return {"Bucket": self.bucket, "Key": self.key, **version}


def versions(s3: "S3Client", bucket: str, *, prefix: str = "") -> Iterator[Version]:
    """Every version of every object of a bucket."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Versions", []):
            yield Version(
                bucket=bucket,
                key=item["Key"],
                version_id=None if item["VersionId"] == "null" else item["VersionId"],
                is_latest=item["IsLatest"],
                modified=item["LastModified"],
            )


def content(s3: "S3Client", request: dict[str, Any]) -> bytes | None:
    """An object's bytes; None if it has been deleted since it was listed."""
    try:
        return s3.get_object(**request)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return None


def delete_all(s3: "S3Client", uri: str) -> None:
    """Delete every version of an object."""
    place = urlparse(uri)
    key = place.path.lstrip("/")
    for version in list(versions(s3, place.netloc, prefix=key)):
        if version.key == key:
            s3.delete_object(**version.request)
