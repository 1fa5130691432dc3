"""The journal of an erasure: its subjects, stored until it is complete.

An erasure removes the rows by which related rows were found. Without the journal an interrupted erasure could not be
completed.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.model import Contract
from lakehouse.erasure.subject import Subject, parse_value
from lakehouse.erasure.versions import delete_all
from lakehouse.names import Names, Zone
from lakehouse.readers.arrow_types import text_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def write(s3: "S3Client", subject: Subject, related: Iterable[Subject], *, names: Names) -> None:
    """Write an entry with the subjects of an erasure, before the erasure removes anything."""
    s3.put_object(
        Bucket=names.bucket(Zone.RAW),
        Key=f"{names.begun_erasures_prefix}{uuid.uuid4()}.json",
        Body=json.dumps({"subject": _as_json(subject), "related": [*map(_as_json, related)]}).encode(),
        ContentType="application/json",
    )


def read(s3: "S3Client", subject: Subject, contracts: Iterable[Contract], *, names: Names) -> list[Subject]:
    """Return the subjects of all incomplete erasures of a subject, the subject itself included."""
    by_dataset = {contract.dataset: contract for contract in contracts}
    return [
        Subject(
            contract=contract,
            values={
                column: tuple(parse_value(contract, column, text) for text in texts)
                for column, texts in stored["values"].items()
            },
        )
        for _, entry in _entries(s3, subject, names=names)
        for stored in (entry["subject"], *entry["related"])
        if (contract := by_dataset.get(stored["dataset"]))
    ]


def delete(s3: "S3Client", subject: Subject, *, names: Names) -> None:
    """Delete all versions of all entries of a subject."""
    for uri, _ in list(_entries(s3, subject, names=names)):
        delete_all(s3, uri)


def _entries(s3: "S3Client", subject: Subject, *, names: Names) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the URI and the content of each entry of a subject."""
    bucket = names.bucket(Zone.RAW)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=names.begun_erasures_prefix)
    for listed in (listed for page in pages for listed in page.get("Contents", [])):
        entry = json.loads(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read())
        if entry["subject"] == _as_json(subject):
            yield f"s3://{bucket}/{listed['Key']}", entry


def _as_json(subject: Subject) -> dict[str, Any]:
    """Return a subject as JSON, with its values in the form that `--key` takes."""
    return {
        "dataset": subject.contract.dataset,
        "values": {column: sorted(map(text_of, values)) for column, values in subject.values.items()},
    }
