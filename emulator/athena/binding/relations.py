"""Relations: the columns and the rows of a name in FROM."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from sqlglot import exp
from sqlglot.expressions import DataType

from emulator.athena.binding import pushdown
from emulator.athena.runtime import sql_text, type_names
from emulator.athena.runtime.run import Run
from emulator.athena.tables import catalog, hive_scan, iceberg_scan

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef


class Relation(Protocol):
    """A source of rows."""

    @property
    def columns(self) -> dict[str, DataType]:
        """Types of the columns by name."""

    def sql(self, run: Run, conditions: list[exp.Expr]) -> str:
        """Return a DuckDB SELECT of the rows; rows that do not meet the conditions may be missing."""


@dataclass(frozen=True, slots=True)
class IcebergRelation:
    """A snapshot of an Iceberg table.

    Attributes:
        table: the table.
        snapshot_id: None for the current snapshot.
        schema: columns of the snapshot.
    """

    table: Table
    snapshot_id: int | None
    schema: Schema

    @property
    def columns(self) -> dict[str, DataType]:
        return iceberg_scan.columns(self.schema)

    def sql(self, run: Run, conditions: list[exp.Expr]) -> str:
        # PyIceberg binds a filter to the present schema, where an earlier snapshot's columns may have other names.
        is_current = self.schema.schema_id == self.table.schema().schema_id
        row_filter = pushdown.iceberg_filter(run, conditions if is_current else [])
        tasks = iceberg_scan.plan(self.table, snapshot_id=self.snapshot_id, row_filter=row_filter)
        return iceberg_scan.relation_sql(run, self.table, schema=self.schema, tasks=tasks)


@dataclass(frozen=True, slots=True)
class HiveRelation:
    """A Hive table."""

    table: "TableTypeDef"

    @property
    def columns(self) -> dict[str, DataType]:
        return hive_scan.columns(self.table)

    def sql(self, run: Run, conditions: list[exp.Expr]) -> str:
        keys = {key["Name"].lower() for key in hive_scan.partition_keys(self.table)}
        return hive_scan.relation_sql(run, self.table, partition_filter=pushdown.partition_filter(conditions, keys))


@dataclass(frozen=True, slots=True)
class ArrowRelation:
    """Rows in memory: Iceberg's metadata tables and the information schema."""

    rows: pa.Table
    columns: dict[str, DataType]

    def sql(self, run: Run, conditions: list[exp.Expr]) -> str:
        name = run.register(self.rows)
        casts = [
            f"CAST({sql_text.identifier(column)} AS {type_names.duckdb_name(dt)}) AS {sql_text.identifier(column)}"
            for column, dt in self.columns.items()
        ]
        return f"SELECT {', '.join(casts)} FROM {name}"


def open_all(run: Run, relations: dict[str, Relation], *, conditions: dict[str, list[exp.Expr]]) -> None:
    """Create a DuckDB view for every relation, under its name."""
    for name, relation in relations.items():
        run.scan.check()
        sql = relation.sql(run, conditions.get(name, []))
        run.execute(f"CREATE TEMP VIEW {sql_text.identifier(name)} AS {sql}")


def table_relation(run: Run, table: "TableTypeDef") -> IcebergRelation | HiveRelation:
    """Return the relation of a table's current rows."""
    if not catalog.is_iceberg(table):
        return HiveRelation(table)
    loaded = run.cloud.catalog.load_table((table["DatabaseName"], table["Name"]))
    return IcebergRelation(loaded, None, loaded.schema())
