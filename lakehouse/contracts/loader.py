"""Load contracts from a folder of files or from a prefix in S3, such as the prefix of the published contracts."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

import boto3

from lakehouse.contracts.model import Contract
from lakehouse.contracts.odcs.reader import SUFFIX, read
from lakehouse.contracts.violations import Violation
from lakehouse.errors import LakehouseError


def load_contract(path: str | Path) -> Contract:
    """Read one contract.

    Args:
        path: a file, or `s3://bucket/key`.

    Raises:
        LakehouseError: the file does not exist, or it has violations; the message has all of them.
    """
    return parse_contract(read_text(path), path=str(path))


def load_active(directory: str | Path, *, dataset: str) -> Contract:
    """Read the active contract of one dataset, and no other.

    Args:
        directory: a folder of published contracts, or `s3://bucket/prefix/`.
        dataset: name of the dataset.

    Raises:
        LakehouseError: there is no such contract, or it has violations.
    """
    for path in contract_paths(directory):
        if PurePosixPath(path).name == f"{dataset}{SUFFIX}":
            return load_contract(path)
    raise LakehouseError(f"{dataset}: no active contract under {directory}: run `lakehouse tables apply`")


def load_contracts(directory: str | Path) -> list[Contract]:
    """Read all contracts, `<domain>/<dataset>.odcs.yaml`, in the order of their paths.

    Args:
        directory: a folder, or `s3://bucket/prefix/`.

    Raises:
        LakehouseError: there are none, or some have violations; the message has all of them.
    """
    paths = contract_paths(directory)
    if not paths:
        raise LakehouseError(
            f"{directory}: no contracts, named <domain>/<dataset>{SUFFIX}; choose another folder with --contracts"
        )
    return _parse((path, read_text(path)) for path in paths)


def parse_contract(text: str, *, path: str) -> Contract:
    """Read a contract from its text; error messages contain `path`.

    Raises:
        LakehouseError: it has violations; the message has all of them.
    """
    return _parse([(path, text)])[0]


def contract_paths(directory: str | Path) -> list[str]:
    """Return the sorted paths or URIs of all contracts in a folder or under an S3 prefix.

    Raises:
        LakehouseError: the folder does not exist.
    """
    if str(directory).startswith("s3://"):
        bucket, _, prefix = str(directory).removeprefix("s3://").partition("/")
        pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        paths = [f"s3://{bucket}/{entry['Key']}" for page in pages for entry in page.get("Contents", [])]
    else:
        if not Path(directory).is_dir():
            raise LakehouseError(f"{directory}: no such folder of contracts; choose another folder with --contracts")
        paths = [str(path) for path in Path(directory).rglob("*")]
    return sorted(path for path in paths if path.endswith(SUFFIX))


def read_text(path: str | Path) -> str:
    """Return the text of a contract, from a file or `s3://bucket/key`.

    Raises:
        LakehouseError: it does not exist or is not UTF-8 text.
    """
    fetch = partial(_object, str(path)) if str(path).startswith("s3://") else Path(path).read_bytes
    try:
        return fetch().decode("utf-8-sig")
    except OSError as error:
        raise LakehouseError(f"{path}: can't be read: {error.strerror or 'no such contract'}") from error
    except UnicodeDecodeError as error:
        raise LakehouseError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from error


def _object(uri: str) -> bytes:
    s3 = boto3.client("s3")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as error:
        raise FileNotFoundError(uri) from error


def _parse(documents: Iterable[tuple[str, str]]) -> list[Contract]:
    contracts: list[Contract] = []
    violations: list[Violation] = []
    for path, text in documents:
        reading = read(text, path=path)
        violations += reading.violations
        if reading.contract is not None:
            contracts.append(reading.contract)
    if violations:
        raise LakehouseError("\n".join(map(str, violations)))
    return contracts
