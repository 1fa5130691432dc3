"""Rows of tables, in forms that tests can compare."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import psycopg

from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine import catalog
from lakehouse.names import Names, Zone

Row = tuple[Any, ...]


def integration(contract: Contract, *, names: Names) -> list[Row]:
    """The live rows of an integration table, the contract's columns alone, sorted."""
    columns = tuple(column.name for column in contract.columns)
    deleted = () if contract.ingest is Ingest.APPEND else ("_is_deleted",)
    table = catalog.load().load_table((names.database(Zone.INTEGRATION), contract.dataset))
    rows = table.scan(selected_fields=columns + deleted).to_arrow().to_pylist()
    return ordered(tuple(row[name] for name in columns) for row in rows if not row.get("_is_deleted"))


def source(contract: Contract, conninfo: str) -> list[Row]:
    """The rows of a database table, the contract's columns alone, sorted."""
    columns = ", ".join(column.source_name for column in contract.columns)
    with psycopg.connect(conninfo) as connection:
        return ordered(connection.execute(f"SELECT {columns} FROM {contract.source.table}").fetchall())


def snapshots(contracts: Iterable[Contract], *, names: Names) -> dict[str, int | None]:
    """The current snapshot of each raw and integration table, by its name."""
    loaded = [
        catalog.load().load_table((names.database(zone), contract.dataset))
        for contract in contracts
        for zone in (Zone.RAW, Zone.INTEGRATION)
    ]
    return {".".join(table.name()): table.metadata.current_snapshot_id for table in loaded}


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows in an order that nulls do not disturb."""
    return sorted(rows, key=lambda row: [(value is None, "" if value is None else value) for value in row])


def number(text: str | None) -> Decimal | None:
    """A number as Athena returns it."""
    return None if text is None else Decimal(text)
