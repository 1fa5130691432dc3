"""Insert rows into the ops tables with Athena, where there is no Iceberg library: Airflow, and beside dbt."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse.engine import athena
from lakehouse.names import Names
from lakehouse.tables.rows import OpsRow

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

STATEMENT_BYTES = 200_000
"""Most bytes of an INSERT; Athena's limit is 262,144. Source: Athena user guide, "Service Quotas"."""

ARRAY_VALUES = 200
"""Most values of one array; Trino refuses more than 254. Source: io.trino.sql.relational.ArrayConstructor."""

_TYPES = {str: "varchar", int: "bigint"}


def insert(client: "AthenaClient", rows: Iterable[OpsRow], *, names: Names) -> None:
    """Insert rows of one table, in dbt's workgroup; without any, nothing is inserted.

    Raises:
        LakehouseError: Athena refused the statement.
    """
    rows = list(rows)
    for part in _parts(f"({', '.join(map(_literal, asdict(row).values()))})" for row in rows):
        columns = ", ".join(field.name for field in fields(rows[0]))
        sql = f"INSERT INTO {names.ops_database}.{rows[0].table} ({columns}) VALUES {', '.join(part)}"  # noqa: S608 - literals
        athena.query(client, sql, names=names, workgroup=names.dbt_workgroup, database=names.ops_database)


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield the rows of each statement."""
    part: list[str] = []
    size = 0
    for value in values:
        size += len(value.encode())
        if part and size > STATEMENT_BYTES:
            yield part
            part, size = [], len(value.encode())
        part.append(value)
    if part:
        yield part


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC'"
    if isinstance(value, list):
        starts = range(0, len(value) or 1, ARRAY_VALUES)
        arrays = (f"ARRAY[{', '.join(map(_literal, value[start : start + ARRAY_VALUES]))}]" for start in starts)
        return f"CAST({' || '.join(arrays)} AS array({_TYPES[type(value[0])] if value else 'varchar'}))"
    return str(value) if isinstance(value, int) else athena.literal(value)
