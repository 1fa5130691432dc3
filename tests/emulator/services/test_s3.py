"""What the lakehouse needs of S3 and ministack alone does not do, or must not forget."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle


@pytest.fixture(scope="module")
def s3(aws: server_lifecycle.Server) -> Any:
    return boto3.client("s3")


@pytest.fixture(scope="module")
def bucket(s3: Any, aws: server_lifecycle.Server) -> str:
    name = "versioned-objects"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def test_a_range_of_any_version(s3: Any, bucket: str) -> None:
    versions = {text: s3.put_object(Bucket=bucket, Key="k", Body=text)["VersionId"] for text in ("first", "the second")}
    for text, version in versions.items():
        answer = s3.get_object(Bucket=bucket, Key="k", VersionId=version, Range="bytes=1-3")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert answer["Body"].read().decode() == text[1:4]
        assert answer["ContentRange"] == f"bytes 1-3/{len(text)}"
        with pytest.raises(ClientError, match="InvalidRange"):
            s3.get_object(Bucket=bucket, Key="k", VersionId=version, Range="bytes=100-")


def test_an_object_of_many_pieces_comes_back_whole(s3: Any, bucket: str) -> None:
    part = os.urandom(5 << 20)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    tags = [
        s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate((part, part, b"end"), start=1)
    ]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, start=1)]
    s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == part + part + b"end"
    assert s3.get_object(Bucket=bucket, Key="big", Range="bytes=-5")["Body"].read() == part[-2:] + b"end"


def test_an_empty_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    assert s3.get_object(Bucket=bucket, Key="empty")["Body"].read() == b""


def test_one_of_many_conditional_puts_wins(s3: Any, bucket: str) -> None:
    def put(number: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="manifest", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            return error.response["Error"]["Code"] != "PreconditionFailed"
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(8)))
    assert sum(won) == 1
    assert s3.get_object(Bucket=bucket, Key="manifest")["Body"].read() == str(won.index(True)).encode()


def test_an_object_that_cannot_be_written_is_refused(s3: Any, bucket: str, aws: server_lifecycle.Server) -> None:
    (aws.root / "s3" / aws.account / bucket / "blocked.tmp").mkdir(parents=True)
    once = boto3.client("s3", config=Config(retries={"max_attempts": 0}))
    with pytest.raises(ClientError, match="Internal Server Error"):
        once.put_object(Bucket=bucket, Key="blocked", Body=b"x")
