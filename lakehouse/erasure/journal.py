"""What an erasure is about, kept until it is complete: what it removes may be all that tells whose other rows are."""

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lakehouse.contracts.model import Contract
from lakehouse.erasure.subject import Subject, typed
from lakehouse.erasure.versions import delete_all
from lakehouse.names import Names, Zone
from lakehouse.readers.arrow_types import text_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def remember(s3: "S3Client", subject: Subject, related: Iterable[Subject], *, names: Names) -> None:
    """Write down what an erasure is about, before it removes anything."""
    s3.put_object(
        Bucket=names.bucket(Zone.RAW),
        Key=f"{names.begun_erasures_prefix}{uuid.uuid4()}.json",
        Body=json.dumps({"subject": _plain(subject), "related": [*map(_plain, related)]}).encode(),
        ContentType="application/json",
    )


def remembered(s3: "S3Client", subject: Subject, contracts: Iterable[Contract], *, names: Names) -> list[Subject]:
    """What erasures of a subject that were begun and not completed were about, the subject itself included."""
    known = {contract.dataset: contract for contract in contracts}
    return [
        Subject(
            contract=known[item["dataset"]],
            values={
                column: tuple(typed(known[item["dataset"]], column, text) for text in texts)
                for column, texts in item["values"].items()
            },
        )
        for _, begun in _of(s3, subject, names=names)
        for item in (begun["subject"], *begun["related"])
        if item["dataset"] in known
    ]


def forget(s3: "S3Client", subject: Subject, *, names: Names) -> None:
    """Delete what was written down of a subject's erasures, in all versions."""
    for uri, _ in list(_of(s3, subject, names=names)):
        delete_all(s3, uri)


def _of(s3: "S3Client", subject: Subject, *, names: Names) -> Iterator[tuple[str, dict[str, Any]]]:
    bucket = names.bucket(Zone.RAW)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=names.begun_erasures_prefix)
    for item in (item for page in pages for item in page.get("Contents", [])):
        begun = json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
        if begun["subject"] == _plain(subject):
            yield f"s3://{bucket}/{item['Key']}", begun


def _plain(subject: Subject) -> dict[str, Any]:
    """A subject as JSON has it: its values as `--key` takes them."""
    return {
        "dataset": subject.contract.dataset,
        "values": {column: sorted(map(text_of, values)) for column, values in subject.values.items()},
    }
