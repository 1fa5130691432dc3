"""Iceberg tables as DuckDB relations.

PyIceberg plans the files of a snapshot that a filter leaves. DuckDB reads their Parquet by field id, so that columns
which were renamed or widened later have their present name and type, and it skips rows that are deleted by position.
PyIceberg's own reader is not used, because it turns a NULL list of structs into an empty list.
"""

from collections import defaultdict

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.manifest import DataFileContent, FileFormat
from pyiceberg.schema import Schema, index_name_by_id
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.name_mapping import NameMapping
from pyiceberg.types import IcebergType
from sqlglot.expressions import DataType

from emulator.athena.runtime import sql_text, type_names
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.tables import iceberg_types

PATH, FILE_ROW = "$path", "$file_row"


def columns(schema: Schema) -> dict[str, DataType]:
    """Return the types of the columns by name, in lower case as in Athena."""
    return {field.name.lower(): iceberg_types.from_iceberg(field.field_type) for field in schema.fields}


def plan(table: Table, *, snapshot_id: int | None, row_filter: BooleanExpression | None = None) -> list[FileScanTask]:
    """Return the data files of a snapshot (None: the current one) that may contain rows that meet the filter."""
    if table.current_snapshot() is None:
        return []
    scan = table.scan(row_filter=row_filter or AlwaysTrue(), snapshot_id=snapshot_id, case_sensitive=False)
    return list(scan.plan_files())


def relation_sql(run: Run, table: Table, *, schema: Schema, tasks: list[FileScanTask]) -> str:
    """Return a DuckDB SELECT over data files: the table's columns, `$path` and `$file_row` (row number in the file).

    Raises:
        AthenaError: NOT_SUPPORTED: the emulator does not read the format of the files or the kind of deletes.
    """
    _check(table, schema, tasks)
    groups: dict[tuple[str, bool], list[FileScanTask]] = defaultdict(list)
    mapping = table.name_mapping()
    keys = _keys_by_file(run, schema, mapping, tasks) if mapping is not None else {}
    for task in tasks:
        groups[keys.get(task.file.file_path, _by_id(schema)), bool(task.delete_files)].append(task)
    parts = [
        _select(run, schema, keys, group, has_deletes=has_deletes) for (keys, has_deletes), group in groups.items()
    ]
    return " UNION ALL ".join(parts) or empty_sql(columns(schema))


def empty_sql(columns: dict[str, DataType]) -> str:
    """Return a SELECT with these columns and no rows."""
    nulls = [
        f"CAST(NULL AS {type_names.duckdb_name(dt)}) AS {sql_text.identifier(name)}" for name, dt in columns.items()
    ]
    nulls += [f"'' AS {sql_text.identifier(PATH)}", f"0::BIGINT AS {sql_text.identifier(FILE_ROW)}"]
    return f"SELECT {', '.join(nulls)} WHERE false"


def _check(table: Table, schema: Schema, tasks: list[FileScanTask]) -> None:
    name = ".".join(table.name())
    for task in tasks:
        if task.file.file_format is not FileFormat.PARQUET:
            raise not_supported(f"Iceberg data files in {task.file.file_format.value}: {name}")
        for deletes in task.delete_files:
            if deletes.content is not DataFileContent.POSITION_DELETES or deletes.file_format is not FileFormat.PARQUET:
                raise not_supported(f"row-level deletes other than by position in Parquet: {name}")
    current = index_name_by_id(schema)
    for older in table.schemas().values():
        for field_id, path in index_name_by_id(older).items():
            current_path = current.get(field_id, path)
            if "." in path and path.rpartition(".")[2] != current_path.rpartition(".")[2]:
                raise not_supported(f"a field of a struct that was renamed: {name}.{current_path}")


def _by_id(schema: Schema) -> str:
    """Return DuckDB's description of the columns by field id."""
    return ", ".join(_field(str(field.field_id), field.name, field.field_type) for field in schema.fields)


def _field(key: str, name: str, kind: IcebergType) -> str:
    dt = type_names.duckdb_name(iceberg_types.from_iceberg(kind))
    return f"{key}: {{name: {sql_text.literal(name.lower())}, type: {sql_text.literal(dt)}, default_value: NULL}}"


def _keys_by_file(run: Run, schema: Schema, mapping: NameMapping, tasks: list[FileScanTask]) -> dict[str, str]:
    """Return the description of the columns for each file without field ids: by the names of the table's mapping."""
    paths = {_path(run, task): task.file.file_path for task in tasks}
    if not paths:
        return {}
    files = run.execute(
        "SELECT file_name, array_agg(name), bool_or(field_id IS NOT NULL) "
        f"FROM parquet_schema([{', '.join(map(sql_text.literal, paths))}]) GROUP BY file_name"
    )
    names = {part.field_id: part.names for part in mapping}
    keys = {}
    for path, present, has_ids in files:
        if not has_ids:
            keys[paths[path]] = ", ".join(
                _field(sql_text.literal(_first(names.get(field.field_id, []), present)), field.name, field.field_type)
                for field in schema.fields
            )
    return keys


def _first(names: list[str], present: list[str]) -> str:
    return next((name for name in names if name in present), "")


def _path(run: Run, task: FileScanTask) -> str:
    return run.files.path(task.file.file_path, size=task.file.file_size_in_bytes)


def _select(run: Run, schema: Schema, keys: str, tasks: list[FileScanTask], *, has_deletes: bool) -> str:
    files = ", ".join(sql_text.literal(_path(run, task)) for task in tasks)
    source = f"read_parquet([{files}], schema = MAP {{{keys}}}, filename = '__file', file_row_number = true)"
    names = ", ".join(sql_text.identifier(name) for name in columns(schema))
    rows = (
        f"SELECT {names}, replace(__file, '{run.files.protocol}://', 's3://') AS {sql_text.identifier(PATH)}, "
        f"file_row_number AS {sql_text.identifier(FILE_ROW)} FROM {source}"
    )
    if not has_deletes:
        return rows
    positions = {
        run.files.path(file.file_path, size=file.file_size_in_bytes) for task in tasks for file in task.delete_files
    }
    deletes = f"read_parquet([{', '.join(map(sql_text.literal, sorted(positions)))}])"
    return (
        f"SELECT d.* FROM ({rows}) AS d ANTI JOIN {deletes} AS p "
        f"ON d.{sql_text.identifier(PATH)} = p.file_path AND d.{sql_text.identifier(FILE_ROW)} = p.pos"
    )
