"""Contracts in force: copies in the scripts bucket that jobs read, so that a job and its tables agree."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import boto3

from lakehouse.contract import Contract
from lakehouse.contract_loader import read_text
from lakehouse.names import Names
from lakehouse.odcs.reader import SUFFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def publish(contracts: Iterable[Contract], *, names: Names) -> list[str]:
    """Put contracts in force; those in force already are not written again, others stay.

    Returns:
        URIs of the objects written.
    """
    s3 = boto3.client("s3")
    bucket, _, prefix = names.contracts_uri.removeprefix("s3://").partition("/")
    written: list[str] = []
    for contract in contracts:
        key = f"{prefix}{contract.domain}/{contract.dataset}{SUFFIX}"
        text = read_text(contract.path).encode()
        if text != _in_force(s3, bucket, key):
            s3.put_object(Bucket=bucket, Key=key, Body=text, ContentType="application/yaml")
            written.append(f"s3://{bucket}/{key}")
    return written


def _in_force(s3: "S3Client", bucket: str, key: str) -> bytes | None:
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
