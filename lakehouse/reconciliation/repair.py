"""Repair keys that differ: a file of change records in stage, as DMS writes them, with the source's rows of one moment.

A record supersedes every version of its key from before the moment and no version from after it, because its change
sequence is just below the first that the source can give later. So a repair loses no change, whenever it is read.
"""

import base64
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog

from lakehouse.batches import index
from lakehouse.contracts import dms
from lakehouse.contracts.model import Column, Contract
from lakehouse.contracts.types import Kind
from lakehouse.names import Names, Zone
from lakehouse.reconciliation.compare import Difference
from lakehouse.reconciliation.snapshot import Moment
from lakehouse.reconciliation.source_rows import SourceRows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = 5_000
"""Rows that are read from the source and kept in memory at a time; each time makes one file."""

FOLDER = "_reconciled"
_TYPES = {
    "real": pa.float32(),
    "double precision": pa.float64(),
    "timestamp without time zone": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
}


def change_sequence(moment: Moment, *, newest: str | None) -> str:
    """Return the change sequence of a repair.

    Args:
        moment: the moment of the source's rows.
        newest: a change sequence of the dataset, for its form; None if it has none.

    Source: AWS DMS user guide, "Replicating source table headers using expressions": 16 digits of a time to hundredths
    of a second, then 19 of a counter. The emulator has 20 digits of a position in the log, then 15 of a counter.
    """
    if newest and newest.startswith(("19", "20")):
        at: datetime = moment.at
        return f"{at:%Y%m%d%H%M%S}{at.microsecond // 10_000:02d}{'0' * 19}"
    return f"{moment.position - 1:020d}{'9' * 15}"


def newest_sequence(catalog: Catalog, contract: Contract, *, names: Names) -> str | None:
    """Return any change sequence of integration; None if no row has one."""
    table = catalog.load_table((names.database(Zone.INTEGRATION), contract.dataset))
    condition = f"{dms.CHANGE_SEQUENCE} is not null and {dms.CHANGE_SEQUENCE} != ''"
    scan = table.scan(row_filter=condition, selected_fields=(dms.CHANGE_SEQUENCE,), limit=1)
    found: list[str] = scan.to_arrow().column(dms.CHANGE_SEQUENCE).to_pylist()
    return found[0] if found else None


def upload(
    s3: "S3Client",
    source: SourceRows,
    differences: Iterable[Difference],
    contract: Contract,
    *,
    names: Names,
    sequence: str,
) -> list[str]:
    """Write the source's rows of keys that differ to stage, and a delete of each key that the source does not have.

    Returns:
        URI of each object.
    """
    uris = []
    bucket = names.bucket(Zone.STAGE)
    left = iter(differences)
    number = 0
    while some := list(islice(left, KEYS)):
        table = _table(source, [difference.key for difference in some], contract, sequence=sequence)
        content = io.BytesIO()
        pq.write_table(table, content)
        key = f"{contract.stage_prefix}{FOLDER}/{source.moment.at:%Y%m%d-%H%M%S%f}-{number:06d}.parquet"
        s3.put_object(Bucket=bucket, Key=key, Body=content.getvalue())
        uris.append(f"s3://{bucket}/{key}")
        number += 1
    index.list_all_next(s3, names=names, dataset=contract.dataset, prefix=contract.stage_prefix)
    return uris


def _table(source: SourceRows, keys: Sequence[tuple[str, ...]], contract: Contract, *, sequence: str) -> pa.Table:
    found = dict(source.records(keys))
    rows = [(dms.UPDATE, values) for values in found.values()]
    rows += [(dms.DELETE, _deleted(key, contract)) for key in keys if key not in found]
    count = len(rows)
    columns = {dms.OPERATION: pa.array([operation for operation, _ in rows], pa.string())}
    for position, column in enumerate(contract.columns):
        columns[column.source_name] = _array([values[position] for _, values in rows], source.type_of(column))
    stamp = f"{source.moment.at:%Y-%m-%d %H:%M:%S.%f}"
    columns[dms.COMMIT_TIMESTAMP] = pa.array([stamp] * count, pa.string())
    columns[dms.CHANGE_SEQUENCE] = pa.array([sequence] * count, pa.string())
    return pa.table(columns)


def _deleted(key: tuple[str, ...], contract: Contract) -> list[str | None]:
    texts = dict(zip(contract.key, key, strict=True))
    return [
        key_text(contract.column(column.name), texts[column.name]) if column.name in texts else None
        for column in contract.columns
    ]


def key_text(column: Column, text: str) -> str:
    """Return a value of a key as the readers take it, from the text that it is compared by."""
    match column.type.kind:
        case Kind.DATE:
            return str(pa.scalar(int(text), pa.int32()).cast(pa.date32()).as_py())
        case Kind.TIMESTAMP:
            moment = pa.scalar(int(text), pa.int64()).cast(pa.timestamp("us")).as_py()
            return str(moment.isoformat(" "))
        case Kind.BINARY:
            return base64.b64encode(bytes.fromhex(text)).decode()
    return text


def _array(texts: list[str | None], type_: str) -> pa.Array:
    """Return values in the type in which DMS sends them, if it matters; as text if one of them does not fit."""
    plain = pa.array(texts, pa.string())
    if type_ not in _TYPES:
        return plain
    try:
        return plain.cast(_TYPES[type_])
    except pa.ArrowInvalid:
        return plain
