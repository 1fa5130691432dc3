"""The index of the active contracts: what functions need of each dataset that have only boto3, in one object.

`lakehouse tables apply` writes it. A function that had the datasets in its own definition would change, and be deployed
again, with each dataset.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from lakehouse.contracts.model import Contract
from lakehouse.names import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Entry(TypedDict):
    """A dataset: the parts of its contract that planning, job runs and the watch of its source need.

    `freshness_seconds` is the promised age of its data; None if the contract promises none. `schema` and `table` are
    "" unless the source is a database.
    """

    dataset: str
    stage_prefix: str
    ingest: str
    size: str
    freshness_seconds: int | None
    source: str
    type: str
    schema: str
    table: str


def entry(contract: Contract) -> Entry:
    """Return the entry of a dataset."""
    source, freshness = contract.source, contract.freshness
    return Entry(
        dataset=contract.dataset,
        stage_prefix=contract.stage_prefix,
        ingest=str(contract.ingest),
        size=str(contract.size),
        freshness_seconds=None if freshness is None else int(freshness.total_seconds()),
        source=source.name,
        type=source.type,
        schema=source.schema or "",
        table=source.table or "",
    )


def write(s3: "S3Client", contracts: Iterable[Contract], *, names: Names) -> None:
    """Write the index of these contracts, unless it is the present one."""
    entries = [entry(contract) for contract in contracts]
    if entries != read(s3, names=names):
        body = json.dumps(entries).encode()
        s3.put_object(
            Bucket=names.scripts_bucket, Key=names.contract_index_key, Body=body, ContentType="application/json"
        )


def read(s3: "S3Client", *, names: Names) -> list[Entry]:
    """Return the entries of all active contracts; none before the first `lakehouse tables apply`."""
    try:
        body = s3.get_object(Bucket=names.scripts_bucket, Key=names.contract_index_key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return []
    entries: list[Entry] = json.loads(body)
    return entries
