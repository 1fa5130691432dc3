"""Hive tables (Parquet, CSV and JSON files under S3 prefixes) as DuckDB relations, read as by Athena's SerDes."""

from typing import TYPE_CHECKING

import pyarrow.fs
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.cloud import split_uri
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.tables import catalog, hive_formats
from emulator.athena.tables.iceberg_scan import FILE_ROW, PATH, empty_sql

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnOutputTypeDef, TableTypeDef

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_UNREADABLE = (".bz2", ".snappy", ".lzo", ".deflate")


def columns(table: "TableTypeDef") -> dict[str, DataType]:
    """Return the types of the columns by name, partition columns last."""
    return {
        c["Name"].lower(): type_names.parse_hive(c["Type"])
        for c in [*hive_formats.columns(table), *partition_keys(table)]
    }


def partition_keys(table: "TableTypeDef") -> "list[ColumnOutputTypeDef]":
    return list(table.get("PartitionKeys", []))


def relation_sql(run: Run, table: "TableTypeDef", *, partition_filter: str) -> str:
    """Return a DuckDB SELECT over the files of a table.

    Args:
        run: the statement's run.
        table: the table.
        partition_filter: DuckDB condition on the partition columns; only partitions that meet it are read.

    Raises:
        AthenaError: NOT_SUPPORTED: partition projection, the SerDe or the compression.
    """
    if table.get("Parameters", {}).get("projection.enabled", "").lower() == "true":
        raise not_supported(f"partition projection: {table['DatabaseName']}.{table['Name']}")
    read = hive_formats.reader(table)
    types = {key["Name"].lower(): type_names.parse_hive(key["Type"]) for key in partition_keys(table)}
    parts = []
    for location, values in _locations(run, table, partition_filter=partition_filter):
        files = _files(run, location)
        if files:
            constants = [
                f"{_partition_value(value, types[name])} AS {sql_text.identifier(name)}"
                for name, value in zip(types, values, strict=True)
            ]
            path = f"replace(__file, '{run.files.protocol}://', 's3://') AS {sql_text.identifier(PATH)}"
            selected, source = read(table, files)
            selected += [*constants, path, f"0 AS {sql_text.identifier(FILE_ROW)}"]
            parts.append(f"SELECT {', '.join(selected)} FROM {source}")
    return _padded(" UNION ALL ".join(parts) or empty_sql(columns(table)), columns(table))


def _padded(sql: str, types: dict[str, DataType]) -> str:
    """Return a SELECT whose char columns have blanks up to their length; files have them without."""
    for name, dt in types.items():
        if any(part.this is DType.CHAR for part in sql_types.parts(dt)[1:]):
            raise not_supported(
                f"the column {name} of the type {type_names.trino_name(dt)} is not in the emulator's engine"
            )
    chars = [
        f"rpad({sql_text.identifier(name)}, {sql_types.parameters(dt)[0]}, ' ') AS {sql_text.identifier(name)}"
        for name, dt in types.items()
        if dt.this is DType.CHAR
    ]
    return f"SELECT * REPLACE ({', '.join(chars)}) FROM ({sql})" if chars else sql


def _locations(run: Run, table: "TableTypeDef", *, partition_filter: str) -> list[tuple[str, list[str]]]:
    """Return location and values of each partition that meets the filter; the table's location if it has no keys."""
    keys = partition_keys(table)
    if not keys:
        return [(table["StorageDescriptor"]["Location"], [])]
    partitions = [
        (p["StorageDescriptor"]["Location"], p["Values"]) for p in catalog.partitions_to_read(run.cloud, table)
    ]
    if not partitions:
        return []
    types = [type_names.parse_hive(key["Type"]) for key in keys]
    rows = [
        f"({index}, {', '.join(map(_partition_value, values, types))})" for index, (_, values) in enumerate(partitions)
    ]
    names = ", ".join(sql_text.identifier(key["Name"].lower()) for key in keys)
    indexes = run.execute(
        f"SELECT __index FROM (VALUES {', '.join(rows)}) AS p(__index, {names}) WHERE {partition_filter}"
    )
    return [partitions[index] for (index,) in sorted(indexes)]


def _partition_value(value: str, dt: DataType) -> str:
    if dt.this is DType.CHAR:
        value = value if value == NULL_PARTITION else value.ljust(sql_types.parameters(dt)[0])
    return f"CAST({'NULL' if value == NULL_PARTITION else sql_text.literal(value)} AS {type_names.duckdb_name(dt)})"


def _files(run: Run, location: str) -> list[str]:
    """Return the paths of the data files under a location as SQL literals, without names that begin with `_` or `.`."""
    bucket, prefix = split_uri(location)
    selector = pyarrow.fs.FileSelector(f"{bucket}/{prefix}".rstrip("/"), recursive=True, allow_not_found=True)
    files = [
        info
        for info in run.cloud.files.get_file_info(selector)
        if info.is_file and info.size and not info.base_name.startswith(("_", "."))
    ]
    for info in files:
        if info.base_name.endswith(_UNREADABLE):
            raise not_supported(f"files compressed as {info.extension}: s3://{info.path}")
    return [sql_text.literal(run.files.path(f"s3://{info.path}", size=info.size)) for info in files]
