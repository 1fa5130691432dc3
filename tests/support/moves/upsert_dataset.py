"""A dataset with a row for each key and a column of each kind, and the reference result of its records."""

from typing import Any

from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Ingest, Source
from tests.support.moves.lake import column
from tests.support.reference_merge import Record, nulls_lowest

ENTITIES = Contract(
    path="contracts/test/entities.odcs.yaml",
    domain="test",
    dataset="entities",
    version="1.0.0",
    columns=(
        column("history", types.LONG, required=True),
        column("id", types.LONG, required=True),
        column("code", types.STRING, required=True),
        column("amount", types.decimal(8, 2)),
        column("visits", types.INT),
        column("name", types.STRING),
        column("at", types.TIMESTAMP),
        column("tags", types.list_of(types.INT)),
        column("place", types.struct_of({"city": types.STRING, "zip": types.INT})),
    ),
    key=("history", "id", "code"),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet"),
    ordering=("_change_seq",),
)


def contents(contract: Contract) -> list[str]:
    """Columns beside the key."""
    return [column.name for column in contract.columns if column.name not in contract.key]


def key(record: Record) -> tuple[Any, ...]:
    return tuple(record[name] for name in ENTITIES.key)


def rank(record: Record, contract: Contract = ENTITIES) -> Any:
    return (
        record["_change_seq"] or "",
        nulls_lowest(record["_commit_ts"]),
        record["_is_deleted"],
        nulls_lowest([record[name] for name in contents(contract)]),
    )


def as_row(record: Record, contract: Contract = ENTITIES) -> Record:
    """A raw record as a row of the integration table; a column that is younger than the record is null in it."""
    is_deleted = record["_op"] == "D"
    columns = {name: None if is_deleted else record.get(name) for name in contents(contract)}
    return {name: value for name, value in record.items() if name != "_op"} | columns | {"_is_deleted": is_deleted}
