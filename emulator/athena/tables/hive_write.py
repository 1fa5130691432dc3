"""Files of Hive tables and of UNLOAD: DuckDB writes them to a folder, from which they are uploaded to S3."""

import re
import urllib.parse
import uuid
from dataclasses import dataclass

from sqlglot.expressions import DataType, DType

from emulator.athena.duckdb import render
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.cloud import split_uri
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import Columns
from emulator.athena.tables.hive_scan import NULL_PARTITION

OPEN_PARTITIONS = 100
_FILE_BYTES = "256MB"
_PARQUET_CODECS = {"": "gzip", "GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "NONE": "uncompressed", "LZ4": "lz4"}
_TEXT_CODECS = {"": "gzip", "GZIP": "gzip", "ZSTD": "zstd", "NONE": "none"}
_SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "none": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFiles:
    """The files that a statement wrote.

    Attributes:
        rows: number of rows.
        files: URIs of the files.
        partitions: values of the partition columns by the URI of the partition.
    """

    rows: int
    files: list[str]
    partitions: dict[str, list[str]]


def write(
    run: Run,
    sql: str,
    columns: Columns,
    *,
    location: str,
    format: str,  # noqa: A002 - Athena's name
    compression: str = "",
    delimiter: str = "\x01",
    partitioned_by: list[str] | None = None,
) -> WrittenFiles:
    """Write a query's rows as files under a location.

    Args:
        run: the statement's run.
        sql: DuckDB SELECT with the columns `c0`, `c1` ...
        columns: names and types of these columns.
        location: S3 URI of a prefix.
        format: PARQUET, TEXTFILE or JSON.
        compression: Athena's name of a codec; empty for the format's default.
        delimiter: separator of the fields of a text file.
        partitioned_by: names of the last columns; their values become folders.

    Raises:
        AthenaError: a format, codec or type is not supported, or there are too many partitions.
    """
    keys = [name.lower() for name in partitioned_by or []]
    names = [name.lower() for name, _ in columns]
    if keys and names[-len(keys) :] != keys:
        raise AthenaError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties: "
            f"[{', '.join(keys)}]",
        )
    select = ", ".join(
        f"{_value(f'c{index}', dt, format, is_key=name.lower() in keys)} AS {sql_text.identifier(name.lower())}"
        for index, (name, dt) in enumerate(columns)
    )
    options, suffix = _options(format.upper(), compression.upper(), delimiter)
    folder = run.folder / f"files-{uuid.uuid4().hex[:8]}"
    layout = (
        f"PARTITION_BY ({', '.join(map(sql_text.identifier, keys))})" if keys else f"FILE_SIZE_BYTES '{_FILE_BYTES}'"
    )
    ((count,),) = run.execute(
        f"COPY (SELECT {select} FROM ({sql})) TO {sql_text.literal(str(folder))} "
        f"({options}, {layout}, FILENAME_PATTERN '{run.context.query_id}_{{uuid}}', FILE_EXTENSION '{suffix}')"
    )
    files: list[str] = []
    partitions: dict[str, list[str]] = {}
    bucket, prefix = split_uri(location.rstrip("/"))
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len({path.parent for path in paths}) > OPEN_PARTITIONS:
        raise AthenaError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS", f"Exceeded limit of {OPEN_PARTITIONS} open writers for partitions/buckets"
        )
    for path in paths:
        values = [_partition_value(part) for part in path.relative_to(folder).parts[:-1]]
        folders = [f"{key}={urllib.parse.quote(value, safe=' -_.')}" for key, value in zip(keys, values, strict=True)]
        key = "/".join([prefix, *folders, path.name])
        run.scan.check()
        run.cloud.s3.upload_file(str(path), bucket, key)
        files.append(f"s3://{bucket}/{key}")
        if keys:
            partitions[f"s3://{bucket}/{'/'.join([prefix, *folders])}"] = values
    return WrittenFiles(rows=count, files=files, partitions=partitions)


def _partition_value(folder: str) -> str:
    return urllib.parse.unquote(folder.partition("=")[2])


def _value(column: str, dt: DataType, format: str, *, is_key: bool) -> str:  # noqa: A002
    if dt.this is DType.CHAR:
        column = f"rtrim({column}, ' ')"  # files have no blanks at the end of a char
    if is_key:
        return f"coalesce({render.text(column, dt)}, '{NULL_PARTITION}')"
    if format.upper() != "PARQUET" and dt.this not in (DType.ARRAY, DType.MAP, DType.STRUCT):
        plain = dt.this in (*sql_types.NUMBERS, DType.BOOLEAN) and format.upper() == "JSON"
        return column if plain else render.text(column, dt)
    if format.upper() == "TEXTFILE":
        raise not_supported(f"{type_names.trino_name(dt)} in text files")
    return f"CAST({column} AS VARCHAR)" if dt.this in (DType.JSON, DType.UUID) else column


def _options(format: str, compression: str, delimiter: str) -> tuple[str, str]:  # noqa: A002
    """Return DuckDB's options of COPY, and the suffix of the files."""
    codecs = _PARQUET_CODECS if format == "PARQUET" else _TEXT_CODECS
    if format not in ("PARQUET", "TEXTFILE", "JSON"):
        raise not_supported(f"writing files in the format {format}")
    if compression not in codecs:
        raise not_supported(f"compression {compression} of {format}")
    codec = codecs[compression]
    if format == "PARQUET":
        return f"FORMAT parquet, COMPRESSION '{codec}'", "parquet"
    if format == "JSON":
        return f"FORMAT json, COMPRESSION '{codec}'", f"json{_SUFFIXES[codec]}"
    text = f"FORMAT csv, HEADER false, DELIMITER {sql_text.literal(delimiter)}, QUOTE '', ESCAPE '', NULLSTR '\\N'"
    return f"{text}, COMPRESSION '{codec}'", f"txt{_SUFFIXES[codec]}"


def is_empty(run: Run, location: str) -> bool:
    """Return whether there is no object under a location."""
    bucket, prefix = split_uri(location.rstrip("/") + "/")
    return run.cloud.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)["KeyCount"] == 0


def check_location(location: str) -> str:
    """Return a location that is an S3 URI.

    Raises:
        AthenaError: INVALID_TABLE_PROPERTY: it is not an S3 URI.
    """
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/.*)?", location):
        raise AthenaError(
            "INVALID_TABLE_PROPERTY", f"The location '{location}' is not an S3 path such as s3://bucket/folder/"
        )
    return location
