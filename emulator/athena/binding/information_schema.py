"""`information_schema`: the metadata of Glue as Trino's tables `schemata`, `tables`, `views` and `columns`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp
from sqlglot.expressions import DataType

from emulator.athena.binding import pushdown
from emulator.athena.binding.relations import ArrowRelation, table_relation
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError
from emulator.athena.runtime.run import Run
from emulator.athena.tables import access, catalog, views

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

NAME = "information_schema"
_KEY = ("table_catalog", "table_schema", "table_name")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": (*_KEY, "table_type"),
    "views": (*_KEY, "view_definition"),
    "columns": (
        *(*_KEY, "column_name", "ordinal_position", "column_default", "is_nullable", "data_type"),
        *("comment", "extra_info"),
    ),
}


@dataclass(frozen=True, slots=True)
class InformationSchema:
    """A table of the schema; only databases and tables that meet the query's conditions are looked up."""

    name: str

    @property
    def columns(self) -> dict[str, DataType]:
        return {c: sql_types.BIGINT if c == "ordinal_position" else sql_types.VARCHAR for c in _COLUMNS[self.name]}

    def sql(self, run: Run, conditions: list[exp.Expr]) -> str:
        if self.name == "schemata":
            rows: list[tuple[Any, ...]] = [(catalog.CATALOG, d["Name"]) for d in catalog.databases(run.cloud)]
        else:
            rows = [row for table in _tables(run, conditions) for row in _rows(run, table, self.name)]
        schema = pa.schema([(c, pa.int64() if c == "ordinal_position" else pa.string()) for c in _COLUMNS[self.name]])
        table = pa.Table.from_pylist([dict(zip(_COLUMNS[self.name], row, strict=True)) for row in rows], schema=schema)
        return ArrowRelation(table, self.columns).sql(run, conditions)


def relation(name: str, *, place: str) -> InformationSchema:
    """Return a table of the schema.

    Raises:
        AthenaError: TABLE_NOT_FOUND.
    """
    if name not in _COLUMNS:
        raise AthenaError("TABLE_NOT_FOUND", f"{place}: Table '{catalog.CATALOG}.{NAME}.{name}' does not exist")
    return InformationSchema(name)


def _tables(run: Run, conditions: list[exp.Expr]) -> "Iterator[TableTypeDef]":
    """Yield the tables whose names meet the conditions."""
    names = [database["Name"] for database in catalog.databases(run.cloud)]
    for name in _matching(run, [(catalog.CATALOG, name) for name in names], conditions):
        tables = {(*name, table["Name"]): table for table in catalog.tables(run.cloud, name[1])}
        for key in _matching(run, list(tables), conditions):
            yield tables[key]


def _matching(run: Run, keys: list[Any], conditions: list[exp.Expr]) -> list[Any]:
    """Return the keys whose parts meet the conditions."""
    if not keys:
        return []
    columns = _KEY[: len(keys[0])]
    values = ", ".join(f"({', '.join(map(sql_text.literal, key))})" for key in keys)
    condition = pushdown.partition_filter(conditions, set(columns))
    return run.execute(f"SELECT * FROM (VALUES {values}) AS k({', '.join(columns)}) WHERE {condition}")


def _rows(run: Run, table: "TableTypeDef", name: str) -> Iterator[tuple[Any, ...]]:
    key = (catalog.CATALOG, table["DatabaseName"], table["Name"])
    is_view = catalog.is_view(table)
    if name == "tables":
        yield (*key, "VIEW" if is_view else "BASE TABLE")
    elif name == "views" and is_view:
        yield (*key, views.query(table).sql)
    elif name == "columns":
        comments = {c["Name"]: c.get("Comment") for c in table.get("StorageDescriptor", {}).get("Columns", [])}
        partitions = {c["Name"] for c in table.get("PartitionKeys", [])}
        for position, (column, dt) in enumerate(_table_columns(run, table).items(), start=1):
            extra = "partition key" if column in partitions else None
            yield (*key, column, position, None, "YES", type_names.trino_name(dt), comments.get(column), extra)


def _table_columns(run: Run, table: "TableTypeDef") -> dict[str, DataType]:
    """Return the columns with the types that queries see; those of a view are stored in its definition."""
    columns = views.columns(table) if catalog.is_view(table) else table_relation(run, table).columns
    shown = access.described(run.cloud, table)
    return columns if shown is None else {name: dt for name, dt in columns.items() if name in shown}
