"""Published contracts: copies in the scripts bucket that the jobs read, so that a job and its tables agree."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import boto3

from lakehouse.contracts import index
from lakehouse.contracts.loader import read_text
from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import SUFFIX
from lakehouse.names import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def publish(contracts: Sequence[Contract], *, names: Names) -> list[str]:
    """Publish contracts and their index; active ones are not written again, other files are kept.

    The functions of the deployment work for the datasets of the index, so also for no others.

    Returns:
        URIs of the objects written.
    """
    s3 = boto3.client("s3")
    written: list[str] = []
    for key, text in _differing(s3, contracts, names):
        s3.put_object(Bucket=names.scripts_bucket, Key=key, Body=text, ContentType="application/yaml")
        written.append(f"s3://{names.scripts_bucket}/{key}")
    index.write(s3, contracts, names=names)
    return written


def not_active(contracts: Iterable[Contract], *, names: Names) -> list[str]:
    """Return the URIs of contracts whose active version is missing or differs."""
    differing = _differing(boto3.client("s3"), contracts, names)
    return [f"s3://{names.scripts_bucket}/{key}" for key, _ in differing]


def _differing(s3: "S3Client", contracts: Iterable[Contract], names: Names) -> Iterator[tuple[str, bytes]]:
    """Yield key and text of each contract whose active version is missing or differs."""
    prefix = names.contracts_uri.removeprefix(f"s3://{names.scripts_bucket}/")
    for contract in contracts:
        key = f"{prefix}{contract.domain}/{contract.dataset}{SUFFIX}"
        text = read_text(contract.path).encode()
        if text != _active(s3, names.scripts_bucket, key):
            yield key, text


def _active(s3: "S3Client", bucket: str, key: str) -> bytes | None:
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
