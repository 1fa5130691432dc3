"""Results in S3: where Athena puts them, and their pages as `GetQueryResults` returns them."""

import json
import re
from typing import TYPE_CHECKING, Any

from sqlglot.expressions import DType

from emulator.athena.runtime import sql_types, type_names
from emulator.athena.runtime.cloud import Cloud, split_uri
from emulator.athena.runtime.run import Context
from emulator.athena.runtime.statement_result import Columns, StatementResult
from emulator.athena.runtime.statements import (
    CreateTableAs,
    Delete,
    Insert,
    Merge,
    Optimize,
    Query,
    Statement,
    Unload,
    Update,
)

if TYPE_CHECKING:
    from sqlglot.expressions import DataType

UNBOUNDED = 2147483647
_CHUNK = 1 << 20
_FIELD = re.compile(rb'(?:"((?:[^"]|"")*)")?([,\n])')
_PRECISION = {DType.FLOAT: 24, DType.DOUBLE: 17, **sql_types.INTEGER_DIGITS}
_NAMES = {DType.FLOAT: "float", DType.NULL: "unknown", DType.TEXT: "string"}  # TEXT: of SHOW and DESCRIBE


def location(statement: Statement, context: Context) -> str:
    """Return the URI of a statement's result."""
    match statement:
        case Query():
            return f"{context.output}{context.query_id}.csv"
        case CreateTableAs():
            return f"{context.output}tables/{context.query_id}"
        case Insert() | Update() | Delete() | Merge() | Unload() | Optimize():
            return f"{context.output}{context.query_id}"
    return f"{context.output}{context.query_id}.txt"


def manifest_location(context: Context, result: StatementResult) -> str | None:
    """Return the URI of the manifest of the files that a statement wrote, or None."""
    return f"{context.output}{context.query_id}-manifest.csv" if result.files is not None else None


def write(context: Context, result: StatementResult, *, uri: str, encryption: dict[str, str]) -> None:
    """Put a result, its metadata and its manifest into S3.

    Args:
        context: the statement's context.
        result: the result.
        uri: location of the result.
        encryption: `EncryptionConfiguration` of the result.
    """
    s3 = context.cloud.s3
    options: Any = _encryption(encryption)
    bucket, key = split_uri(uri)
    if result.csv is not None:
        s3.upload_file(str(result.csv), bucket, key, ExtraArgs={"ContentType": "text/csv", **options})
    elif result.lines is not None:
        text = "".join(f"{line}\n" for line in result.lines)
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="text/plain", **options)
    types = [type_names.trino_name(dt) for _, dt in result.columns]
    metadata = json.dumps({"ColumnInfo": column_info(result.columns), "Types": types})
    s3.put_object(Bucket=bucket, Key=f"{key}.metadata", Body=metadata.encode(), **options)
    manifest = manifest_location(context, result)
    if manifest and result.files is not None:
        bucket, key = split_uri(manifest)
        s3.put_object(Bucket=bucket, Key=key, Body="".join(f"{f}\n" for f in result.files).encode(), **options)


def _encryption(configuration: dict[str, str]) -> dict[str, str]:
    match configuration.get("EncryptionOption"):
        case "SSE_S3":
            return {"ServerSideEncryption": "AES256"}
        case "SSE_KMS":
            return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": configuration["KmsKey"]}
    return {}


def column_info(columns: Columns) -> list[dict[str, Any]]:
    """Return the `ColumnInfo` of a result's columns: bare names of the types, precision and scale apart."""
    return [
        {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": name,
            "Label": name,
            "Type": _bare_name(dt),
            "Precision": _precision(dt),
            "Scale": sql_types.precision_scale(dt)[1] if dt.this is DType.DECIMAL else 0,
            "Nullable": "UNKNOWN",
            "CaseSensitive": dt.this in sql_types.TEXTS,
        }
        for name, dt in columns
    ]


def _bare_name(dt: "DataType") -> str:
    name = _NAMES.get(dt.this) or type_names.trino_name(dt)
    return re.sub(r"\(.*\)", "", name)


def _precision(dt: "DataType") -> int:
    if dt.this is DType.DECIMAL:
        return sql_types.precision_scale(dt)[0]
    if dt.this in sql_types.TEXTS:
        return (sql_types.parameters(dt) or [UNBOUNDED])[0]
    if dt.this in (DType.TIMESTAMP, DType.TIMESTAMPTZ, DType.TIME):
        return sql_types.digits(dt)
    return _PRECISION.get(dt.this, 0)


def page(cloud: Cloud, *, uri: str, offset: int, count: int, columns: int) -> tuple[list[list[str | None]], int | None]:
    """Return rows of a result from a byte offset on.

    Args:
        cloud: clients of the result's account and region.
        uri: a `.csv` or `.txt` result.
        offset: byte at which the first row begins.
        count: the most rows to return.
        columns: number of columns of a CSV.

    Returns:
        The rows, and the offset of the next row, or None at the end. A line of text is a row of one value.
    """
    rows: list[list[str | None]] = []
    buffer, start, position = b"", offset, 0
    read = csv_row if uri.endswith(".csv") else _line
    for chunk, is_last in _chunks(cloud, uri, offset):
        buffer, start, position = buffer[position:] + chunk, start + position, 0
        while len(rows) < count and (parsed := read(buffer, position, columns)) is not None:
            row, position = parsed
            rows.append(row)
        if len(rows) >= count:
            return rows, start + position if position < len(buffer) or not is_last else None
    return rows, None


def _chunks(cloud: Cloud, uri: str, offset: int) -> Any:
    bucket, key = split_uri(uri)
    size = cloud.s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    while offset < size:
        last = min(offset + _CHUNK, size)
        body = cloud.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={offset}-{last - 1}")["Body"].read()
        offset = last
        yield body, offset >= size


def csv_row(buffer: bytes, position: int, columns: int) -> tuple[list[str | None], int] | None:
    """Return the row that begins at a position of a buffer, and its end; None if it is incomplete."""
    row: list[str | None] = []
    for index in range(columns):
        field = _FIELD.match(buffer, position)
        if field is None or (field[2] == b"\n") is not (index == columns - 1):
            return None
        row.append(None if field[1] is None else field[1].replace(b'""', b'"').decode())
        position = field.end()
    return row, position


def _line(buffer: bytes, position: int, _: int) -> tuple[list[str | None], int] | None:
    end = buffer.find(b"\n", position)
    return None if end < 0 else ([buffer[position:end].decode()], end + 1)
