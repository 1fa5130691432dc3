"""The tables that result when the replicated files are replayed record by record."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pyarrow.parquet as pq

Row = dict[str, Any]
TIMESTAMP, SEQUENCE = "_commit_ts", "_change_seq"


def keys(bucket: str, prefix: str) -> list[str]:
    """Keys under a prefix: files of the full load first, then those of changes, each in order of their names."""
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return sorted(found, key=lambda key: (not key.rpartition("/")[2].startswith("LOAD"), key))


def read(bucket: str, key: str) -> Any:
    """A Parquet object as an Arrow table."""
    return pq.read_table(io.BytesIO(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()))


def records(bucket: str, prefix: str) -> Iterator[Row]:
    """All records of a table in the order of its files."""
    for key in keys(bucket, prefix):
        yield from read(bucket, key).to_pylist()


def replay(bucket: str, prefix: str, *, key: tuple[str, ...]) -> dict[tuple[Any, ...], Row]:
    """State of a table after all records: for each key the row with the greatest sequence, unless that is a delete."""
    newest: dict[tuple[Any, ...], tuple[str, Row]] = {}
    for record in records(bucket, prefix):
        operation, sequence = record.pop("Op"), record.pop(SEQUENCE) or ""
        record.pop(TIMESTAMP)
        identity = tuple(record[name] for name in key)
        if identity not in newest or sequence >= newest[identity][0]:
            newest[identity] = sequence, record if operation != "D" else {}
    return {identity: row for identity, (_, row) in newest.items() if row}


def naive(value: Any) -> Any:
    """A value of the source as Parquet gives it back: moments in UTC without their zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
