"""INSERT INTO and UNLOAD."""

from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from sqlglot.expressions import DataType

from emulator.athena.duckdb import casts
from emulator.athena.runtime import type_names
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import ROWS, Columns, StatementResult
from emulator.athena.runtime.statements import Insert, Unload
from emulator.athena.statements import partitions
from emulator.athena.statements.query import prepare, typed_select
from emulator.athena.tables import access, catalog, hive_write, iceberg_scan, iceberg_write
from emulator.athena.tables.hive_scan import columns as hive_columns
from emulator.athena.tables.hive_scan import partition_keys
from emulator.athena.typing import coercion

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableTypeDef

_SERDES = {"ParquetHiveSerDe": "PARQUET", "LazySimpleSerDe": "TEXTFILE", "JsonSerDe": "JSON"}


def insert(statement: Insert, run: Run) -> StatementResult:
    """Run INSERT INTO."""
    database = statement.name.database or run.context.database
    table = catalog.get_table(run.cloud, database, statement.name.table)
    if catalog.is_view(table):
        raise not_supported("Inserting into views is not supported")
    changes_catalog = access.COMMIT if catalog.is_iceberg(table) else ("ALTER",) if partition_keys(table) else ()
    access.require(run.cloud, table, "INSERT", *changes_catalog)
    table = access.of(run.cloud, table, "INSERT").table
    bound, sql = prepare(run, statement.tree)
    select, columns = typed_select(run, bound, sql)
    if catalog.is_iceberg(table):
        name = (database, statement.name.table)
        return iceberg_write.retry_commit(
            run, name, lambda loaded: _append(run, loaded, statement.columns, columns, select=select)
        )
    types = hive_columns(table)
    values = _values(types, statement.columns, columns)
    ordered = ", ".join(
        f"CAST({values.get(name, 'NULL')} AS {type_names.duckdb_name(dt)}) AS c{index}"
        for index, (name, dt) in enumerate(types.items())
    )
    storage = table["StorageDescriptor"]
    written = hive_write.write(
        run,
        f"SELECT {ordered} FROM ({select})",
        list(types.items()),
        location=storage["Location"],
        format=_format(table),
        compression=table.get("Parameters", {}).get("write.compression", ""),
        delimiter=storage.get("SerdeInfo", {}).get("Parameters", {}).get("field.delim", "\x01"),
        partitioned_by=[key["Name"] for key in partition_keys(table)],
    )
    partitions.register(run.cloud, table, written.partitions, if_not_exists=True)
    return StatementResult(columns=ROWS, update_count=written.rows, files=written.files)


def _append(run: Run, table: Table, names: list[str], columns: Columns, *, select: str) -> StatementResult:
    schema = table.schema()
    values = _values(iceberg_scan.columns(schema), names, columns)
    rows = iceberg_write.table_select(schema, values, source=f"({select})")
    files = iceberg_write.write_files(run, rows, metadata=table.metadata, io=table.io)
    if files:
        try:
            with table.transaction() as transaction:
                iceberg_write.append(transaction, files)
        except CommitFailedException:
            iceberg_write.delete_files(run, files)
            raise
    return StatementResult(
        columns=ROWS, update_count=sum(file.record_count for file in files), files=[file.file_path for file in files]
    )


def _format(table: "TableTypeDef") -> str:
    serde = table["StorageDescriptor"].get("SerdeInfo", {}).get("SerializationLibrary", "")
    for ending, name in _SERDES.items():
        if serde.endswith(ending):
            return name
    raise not_supported(f"INSERT INTO a table with the SerDe {serde}")


def _values(types: dict[str, DataType], names: list[str], columns: Columns) -> dict[str, str]:
    """Return the SQL of the inserted values by column name.

    Args:
        types: types of the table's columns by name.
        names: columns that the statement lists; empty for all columns.
        columns: names and types of the query's columns.

    Raises:
        AthenaError: the query's columns do not fit the table's.
    """
    targets = names or list(types)
    for name in targets:
        if name not in types:
            raise AthenaError(
                "COLUMN_NOT_FOUND", f"line 1:1: Insert column name does not exist in target table: {name}"
            )
    duplicate = next((name for name in targets if targets.count(name) > 1), None)
    if duplicate is not None:
        raise AthenaError(
            "DUPLICATE_COLUMN_NAME", f"line 1:1: Insert column name is specified more than once: {duplicate}"
        )
    fits = len(targets) == len(columns) and all(
        coercion.assignable(dt, types[name]) for name, (_, dt) in zip(targets, columns, strict=True)
    )
    if not fits:
        expected = ", ".join(type_names.trino_name(types[name]) for name in targets)
        raise AthenaError(
            "TYPE_MISMATCH",
            "line 1:1: Insert query has mismatched column types: "
            f"Table: [{expected}], Query: [{', '.join(type_names.trino_name(dt) for _, dt in columns)}]",
        )
    return {
        name: casts.assign(f"c{index}", source=dt, target=types[name])
        for index, (name, (_, dt)) in enumerate(zip(targets, columns, strict=True))
    }


def unload(statement: Unload, run: Run) -> StatementResult:
    """Run UNLOAD."""
    options = dict(statement.properties)
    location = hive_write.check_location(statement.location)
    if not hive_write.is_empty(run, location):
        raise AthenaError("HIVE_PATH_ALREADY_EXISTS", f"Target directory for table 'unload' already exists: {location}")
    bound, sql = prepare(run, statement.tree)
    select, columns = typed_select(run, bound, sql)
    written = hive_write.write(
        run,
        select,
        columns,
        location=location,
        format=str(options.pop("format", "PARQUET")),
        compression=str(options.pop("compression", "")),
        delimiter=str(options.pop("field_delimiter", "\x01")),
        partitioned_by=list(options.pop("partitioned_by", [])),
    )
    if options:
        raise AthenaError("INVALID_TABLE_PROPERTY", f"line 1:1: UNLOAD has no property '{next(iter(options))}'")
    return StatementResult(columns=ROWS, update_count=written.rows, files=written.files)
