"""Iceberg tables as DuckDB relations.

PyIceberg plans which files a snapshot has and which a filter leaves; DuckDB reads their Parquet by field id, so that a
column that was renamed or widened since is read as what it is now. Files with row-level deletes are read by PyIceberg.
"""

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from sqlglot.expressions import DataType

from local.athena import iceberg_types, sqltypes
from local.athena.errors import not_supported
from local.athena.run import Run

PATH, FILE_ROW = "$path", "$file_row"


def columns(schema: Schema) -> dict[str, DataType]:
    """Column names, in lower case as Athena has them, and types."""
    return {field.name.lower(): iceberg_types.from_iceberg(field.field_type) for field in schema.fields}


def plan(table: Table, *, snapshot_id: int | None, row_filter: BooleanExpression | None = None) -> list[FileScanTask]:
    """The data files of a snapshot (the current one if None) that may have rows that the filter wants."""
    if table.current_snapshot() is None:
        return []
    scan = table.scan(row_filter=row_filter or AlwaysTrue(), snapshot_id=snapshot_id, case_sensitive=False)
    return list(scan.plan_files())


def relation_sql(run: Run, table: Table, *, schema: Schema, tasks: list[FileScanTask]) -> str:
    """DuckDB SELECT over data files: the table's columns, `$path`, and `$file_row`, a row's number within its file."""
    for task in tasks:
        if task.file.file_format is not FileFormat.PARQUET:
            raise not_supported(f"Iceberg data files in {task.file.file_format.value}: {task.file.file_path}")
    simple = _is_readable_by_id(table)
    direct = [task for task in tasks if simple and not task.delete_files]
    indirect = [task for task in tasks if not simple or task.delete_files]
    parts = [_parquet(run, schema, direct)] if direct else []
    parts += [_arrow(run, table, schema, task) for task in indirect]
    return " UNION ALL ".join(parts) or empty_sql(columns(schema))


def empty_sql(found: dict[str, DataType]) -> str:
    """A SELECT with these columns and no row."""
    nulls = [f"CAST(NULL AS {sqltypes.duckdb_name(dt)}) AS {sqltypes.quoted(name)}" for name, dt in found.items()]
    nulls += [f"'' AS {sqltypes.quoted(PATH)}", f"0::BIGINT AS {sqltypes.quoted(FILE_ROW)}"]
    return f"SELECT {', '.join(nulls)} WHERE false"


def _is_readable_by_id(table: Table) -> bool:
    """Whether files have field ids, and no nested column ever changed: DuckDB goes by name inside of structs."""
    nested = {
        (field.field_id, str(field.field_type))
        for schema in table.schemas().values()
        for field in schema.fields
        if not field.field_type.is_primitive
    }
    return table.name_mapping() is None and len(nested) == len({field_id for field_id, _ in nested})


def _parquet(run: Run, schema: Schema, tasks: list[FileScanTask]) -> str:
    files = [sqltypes.literal(run.files.path(t.file.file_path, size=t.file.file_size_in_bytes)) for t in tasks]
    fields = [
        f"{field.field_id}: {{name: {sqltypes.literal(field.name.lower())}, type: "
        f"{sqltypes.literal(sqltypes.duckdb_name(iceberg_types.from_iceberg(field.field_type)))}, default_value: NULL}}"
        for field in schema.fields
    ]
    names = ", ".join(sqltypes.quoted(name) for name in columns(schema))
    source = (
        f"read_parquet([{', '.join(files)}], schema = MAP {{{', '.join(fields)}}}, "
        "filename = '__file', file_row_number = true)"
    )
    return (
        f"SELECT {names}, replace(__file, '{run.files.protocol}://', 's3://') AS {sqltypes.quoted(PATH)}, "
        f"file_row_number AS {sqltypes.quoted(FILE_ROW)} FROM {source}"
    )


def _arrow(run: Run, table: Table, schema: Schema, task: FileScanTask) -> str:
    """A file that only PyIceberg can read: it is read whole."""
    run.scan.count(task.file.file_size_in_bytes + sum(file.file_size_in_bytes for file in task.delete_files))
    rows = ArrowScan(table.metadata, table.io, schema, AlwaysTrue(), case_sensitive=False).to_table([task])
    rows = rows.rename_columns([name.lower() for name in rows.column_names])
    rows = rows.append_column(PATH, pa.array([task.file.file_path] * len(rows), pa.string()))
    rows = rows.append_column(FILE_ROW, pa.array(range(len(rows)), pa.int64()))
    name = run.new_name()
    run.connection.register(name, rows)
    casts = [
        f"CAST({sqltypes.quoted(column)} AS {sqltypes.duckdb_name(dt)}) AS {sqltypes.quoted(column)}"
        for column, dt in columns(schema).items()
    ]
    return f"SELECT {', '.join(casts)}, {sqltypes.quoted(PATH)}, {sqltypes.quoted(FILE_ROW)} FROM {name}"
