"""Exactly the version that a batch lists is read; if it is gone or changed, the error names the object."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from moto import mock_aws

from lakehouse.batches.manifests import StageObject
from lakehouse.errors import LakehouseError
from lakehouse.readers.fetch import fetch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    with mock_aws():
        client = boto3.client("s3", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")  # noqa: S106
        client.create_bucket(Bucket="stage")
        yield client


def put(s3: "S3Client", body: bytes) -> StageObject:
    answer = s3.put_object(Bucket="stage", Key="sales/file", Body=body)
    return StageObject(
        bucket="stage",
        key="sales/file",
        etag=answer["ETag"].strip('"'),
        version_id=answer.get("VersionId"),
        size=len(body),
    )


def test_content_is_read_from_its_start(s3: "S3Client") -> None:
    assert fetch(s3, put(s3, b"content")).read() == b"content"
    assert fetch(s3, put(s3, b"")).read() == b""


def test_a_version_that_was_overwritten_is_still_read(s3: "S3Client") -> None:
    s3.put_bucket_versioning(Bucket="stage", VersioningConfiguration={"Status": "Enabled"})
    first = put(s3, b"first")
    put(s3, b"second")
    assert fetch(s3, first).read() == b"first"


def test_an_object_that_changed_is_an_error(s3: "S3Client") -> None:
    first = put(s3, b"first")
    put(s3, b"other")
    with pytest.raises(LakehouseError, match=r"s3://stage/sales/file: changed since its batch was planned"):
        fetch(s3, first)


def test_an_object_that_is_gone_is_an_error(s3: "S3Client") -> None:
    stage_object = put(s3, b"first")
    s3.delete_object(Bucket="stage", Key=stage_object.key)
    with pytest.raises(LakehouseError, match=r"s3://stage/sales/file: gone since its batch was planned"):
        fetch(s3, stage_object)
    s3.put_bucket_versioning(Bucket="stage", VersioningConfiguration={"Status": "Enabled"})
    put(s3, b"first")
    with pytest.raises(LakehouseError, match="gone since its batch was planned"):
        fetch(s3, replace(stage_object, version_id="00000000-0000-0000-0000-000000000000"))


def test_an_object_that_may_not_be_read_is_an_error(s3: "S3Client") -> None:
    stage_object = replace(put(s3, b"first"), version_id=None)
    s3.put_object(Bucket="stage", Key="sales/file", Body=b"first", StorageClass="DEEP_ARCHIVE")
    with pytest.raises(LakehouseError, match=r"s3://stage/sales/file: .*InvalidObjectState.*restore it"):
        fetch(s3, stage_object)


class BreaksOff(BytesIO):
    """A response whose connection breaks off at its end."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise ReadTimeoutError(endpoint_url="https://s3.amazonaws.com")
        return data


class Flaky:
    """S3 that breaks off every answer after some bytes."""

    def __init__(self, content: bytes, *, after: int) -> None:
        self.content, self.after, self.ranges = content, after, list[str]()

    def get_object(self, **request: Any) -> dict[str, Any]:
        self.ranges.append(request.get("Range", ""))
        start = int(request.get("Range", "bytes=0-")[6:-1])
        rest = self.content[start:]
        body = BreaksOff(rest[: self.after]) if len(rest) > self.after else BytesIO(rest)
        return {"Body": StreamingBody(body, len(rest))}


def test_reading_continues_where_the_connection_broke_off() -> None:
    flaky = Flaky(b"0123456789", after=4)
    stage_object = StageObject(bucket="stage", key="sales/file", etag="e", version_id=None, size=10)
    assert fetch(flaky, stage_object).read() == b"0123456789"  # type: ignore[arg-type]
    assert flaky.ranges == ["", "bytes=4-", "bytes=8-"]


def test_a_connection_that_always_breaks_off_is_an_error() -> None:
    stage_object = StageObject(bucket="stage", key="sales/file", etag="e", version_id=None, size=10)
    with pytest.raises(ReadTimeoutError):
        fetch(Flaky(b"0123456789", after=1), stage_object)  # type: ignore[arg-type]
