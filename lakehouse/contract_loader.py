"""Contracts from where they are kept: a folder of files, or a prefix in S3 where the ones in force are published."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import boto3

from lakehouse.contract import Contract
from lakehouse.errors import LakehouseError
from lakehouse.faults import Fault
from lakehouse.odcs.reader import SUFFIX, read


class Document(NamedTuple):
    """Text of one contract, and the path that it was read from."""

    path: str
    text: str


def load_contract(path: str | Path) -> Contract:
    """Read one contract.

    Args:
        path: a file, or `s3://bucket/key`.

    Raises:
        LakehouseError: it is not there, or has faults; all of them are named.
    """
    return _loaded([Document(str(path), read_text(str(path)))])[0]


def load_contracts(directory: str | Path) -> list[Contract]:
    """Read all contracts, `<domain>/<dataset>.odcs.yaml`, in the order of their paths.

    Args:
        directory: a folder, or `s3://bucket/prefix/`.

    Raises:
        LakehouseError: there are none, or some have faults; all of them are named.
    """
    found = documents(directory)
    if not found:
        raise LakehouseError(
            f"{directory}: no contracts (<domain>/<dataset>{SUFFIX}); give their folder by --contracts"
        )
    return _loaded(found)


def parse_contract(text: str, *, path: str) -> Contract:
    """Read a contract from its text; `path` is what errors call it.

    Raises:
        LakehouseError: it has faults; all of them are named.
    """
    return _loaded([Document(path, text)])[0]


def documents(directory: str | Path) -> list[Document]:
    """Texts of all contracts of a folder or S3 prefix, in the order of their paths.

    Raises:
        LakehouseError: the folder is not there, or a file is no UTF-8 text.
    """
    if str(directory).startswith("s3://"):
        return list(_published(str(directory)))
    folder = Path(directory)
    if not folder.is_dir():
        raise LakehouseError(f"{directory}: no such folder of contracts; give it by --contracts")
    return [Document(str(path), read_text(str(path))) for path in sorted(folder.rglob(f"*{SUFFIX}"))]


def _loaded(found: list[Document]) -> list[Contract]:
    contracts: list[Contract] = []
    faults: list[Fault] = []
    for document in found:
        contract, wrong = read(document.text, path=document.path)
        faults += wrong
        if contract is not None:
            contracts.append(contract)
    if faults:
        raise LakehouseError("\n".join(str(fault) for fault in faults))
    return contracts


def read_text(path: str) -> str:
    """Text of one contract, from a file or `s3://bucket/key`.

    Raises:
        LakehouseError: it is not there, or no UTF-8 text.
    """
    try:
        body = _get(path) if path.startswith("s3://") else Path(path).read_bytes()
        return body.decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise LakehouseError(f"{path}: no such contract") from error
    except UnicodeDecodeError as error:
        raise LakehouseError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from error


def _get(uri: str) -> bytes:
    s3 = boto3.client("s3")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as error:
        raise FileNotFoundError(uri) from error


def _published(prefix: str) -> Iterator[Document]:
    s3 = boto3.client("s3")
    bucket, _, folder = prefix.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    for item in sorted(item["Key"] for page in pages for item in page.get("Contents", [])):
        if item.endswith(SUFFIX):
            uri = f"s3://{bucket}/{item}"
            yield Document(uri, read_text(uri))
