"""Athena's SerDes as DuckDB expressions: how the columns of a Hive table are read from its files."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import not_supported

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnOutputTypeDef, TableTypeDef

Reader = Callable[["TableTypeDef", list[str]], tuple[list[str], str]]
"""From a table and its files (SQL literals) to the SQL of its columns and of their source, which has the file's path in
`__file`."""

_LINE_BYTES = 50_000_000


def reader(table: "TableTypeDef") -> Reader:
    """Return the reader of a table's SerDe.

    Raises:
        AthenaError: NOT_SUPPORTED, with the name of the SerDe.
    """
    serde = table["StorageDescriptor"].get("SerdeInfo", {}).get("SerializationLibrary", "")
    for pattern, read in _READERS.items():
        if re.search(pattern, serde):
            return read
    raise not_supported(f"tables with the SerDe {serde or '(none)'}: {table['DatabaseName']}.{table['Name']}")


def columns(table: "TableTypeDef") -> "list[ColumnOutputTypeDef]":
    """Return a table's columns without its partition columns."""
    return list(table["StorageDescriptor"].get("Columns", []))


def _name_type(column: "ColumnOutputTypeDef") -> tuple[str, DataType]:
    return column["Name"].lower(), type_names.parse_hive(column["Type"])


def _parquet(table: "TableTypeDef", files: list[str]) -> tuple[list[str], str]:
    """Read columns by name; a column that a file lacks is NULL."""
    fields = [
        f"{sql_text.literal(name)}: {{name: {sql_text.literal(name)}, "
        f"type: {sql_text.literal(type_names.duckdb_name(dt))}, default_value: NULL}}"
        for name, dt in map(_name_type, columns(table))
    ]
    source = f"read_parquet([{', '.join(files)}], schema = MAP {{{', '.join(fields)}}}, filename = '__file')"
    return [sql_text.identifier(name) for name, _ in map(_name_type, columns(table))], source


def _lines(table: "TableTypeDef", files: list[str]) -> str:
    """Return a source of the lines of files as `__line`, without the header lines of the table's properties."""
    return (
        f"read_csv([{', '.join(files)}], columns = {{'__line': 'VARCHAR'}}, delim = chr(0), quote = '', escape = '', "
        f"auto_detect = false, header = false, skip = {_header_lines(table)}, max_line_size = {_LINE_BYTES}, "
        "filename = '__file')"
    )


def _header_lines(table: "TableTypeDef") -> int:
    return int(table.get("Parameters", {}).get("skip.header.line.count", "0"))


def _serde_parameters(table: "TableTypeDef") -> dict[str, str]:
    return dict(table["StorageDescriptor"].get("SerdeInfo", {}).get("Parameters", {}))


def _delimited(table: "TableTypeDef", files: list[str]) -> tuple[list[str], str]:
    """Read as LazySimpleSerDe: no quotes; a text that is not a value of its column's type is NULL."""
    options = _serde_parameters(table)
    delimiter = sql_text.literal(_character(options.get("field.delim") or options.get("serialization.format", "\x01")))
    null = sql_text.literal(options.get("serialization.null.format", "\\N"))
    escape = options.get("escape.delim")
    line = "coalesce(__line, '')"
    if escape:
        hidden = f"replace({line}, {sql_text.literal(escape)} || {delimiter}, chr(1))"
        parts = f"list_transform(string_split({hidden}, {delimiter}), lambda e: replace(e, chr(1), {delimiter}))"
    else:
        parts = f"string_split({line}, {delimiter})"
    selected = [
        f"{_read(f'nullif(__parts[{index}], {null})', dt, options)} AS {sql_text.identifier(name)}"
        for index, (name, dt) in enumerate(map(_name_type, columns(table)), start=1)
    ]
    return selected, f"(SELECT __file, {parts} AS __parts FROM {_lines(table, files)})"


def _character(text: str) -> str:
    """Return a delimiter's character; Hive writes control characters as numbers: `1` is Ctrl-A."""
    return chr(int(text)) if text.isdigit() and text != "0" and len(text) < 3 else text


def _read(value: str, dt: DataType, options: dict[str, str]) -> str:
    """Return the SQL of a text read as a value of a type, as LazySimpleSerDe reads it."""
    match dt.this:
        case DType.VARCHAR | DType.CHAR:
            return value
        case DType.VARBINARY:
            return f"try(from_base64({value}))"
        case DType.BOOLEAN:
            return f"CASE lower({value}) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case DType.ARRAY:
            separator = sql_text.literal(options.get("collection.delim", "\x02"))
            part = _read("e", dt.expressions[0], options)
            return f"list_transform(string_split({value}, {separator}), lambda e: {part})"
        case DType.MAP:
            pairs = sql_text.literal(options.get("collection.delim", "\x02"))
            separator = sql_text.literal(options.get("mapkey.delim", "\x03"))
            key, value_sql = (
                _read(f"split_part(e, {separator}, {i})", t, options) for i, t in enumerate(dt.expressions, 1)
            )
            return (
                f"map_from_entries(list_transform(string_split({value}, {pairs}), lambda e: row({key}, {value_sql})))"
            )
        case DType.STRUCT:
            raise not_supported("structs in delimited text files")
    if dt.this in sql_types.INTEGERS:
        value = f"trino_integer_text(trim({value}))"
    return f"TRY_CAST({value} AS {type_names.duckdb_name(dt)})"


def _quoted_csv(table: "TableTypeDef", files: list[str]) -> tuple[list[str], str]:
    """Read as OpenCSVSerde: quotes; a text that is not a value of its column's type is an error."""
    options = _serde_parameters(table)
    typed_columns = [_name_type(column) for column in columns(table)]
    names = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(typed_columns)))
    rows = (
        f"read_csv([{', '.join(files)}], columns = {{{names}}}, auto_detect = false, header = false, "
        f"delim = {sql_text.literal(options.get('separatorChar') or options.get('field.delim') or ',')}, "
        f"quote = {sql_text.literal(options.get('quoteChar', chr(34)))}, "
        f"escape = {sql_text.literal(options.get('escapeChar', chr(34)))}, skip = {_header_lines(table)}, "
        f"null_padding = true, strict_mode = false, max_line_size = {_LINE_BYTES}, filename = '__file', "
        "nullstr = chr(0))"
    )
    packed = ", ".join(f"c{index} := coalesce(c{index}, '')" for index in range(len(typed_columns)))
    # DuckDB moves the cast of a column into its CSV reader, which then fails on the value; the struct prevents this.
    source = f"(SELECT __file, struct_pack({packed}) AS __row FROM {rows})"
    selected = [
        f"{_read_csv(f'__row.c{index}', dt, index)} AS {sql_text.identifier(name)}"
        for index, (name, dt) in enumerate(typed_columns)
    ]
    return selected, source


def _read_csv(value: str, dt: DataType, index: int) -> str:
    kind = type_names.duckdb_name(dt)
    if dt.this in (DType.VARCHAR, DType.CHAR):
        return value
    if dt.this in (DType.ARRAY, DType.MAP, DType.STRUCT):
        raise not_supported(f"{type_names.trino_name(dt)} with OpenCSVSerde")
    if dt.this is DType.TIMESTAMP:
        read = f"coalesce(make_timestamp(TRY_CAST({value} AS BIGINT) * 1000), TRY_CAST({value} AS TIMESTAMP))"
    elif dt.this is DType.DATE:
        read = f"coalesce(DATE '1970-01-01' + TRY_CAST({value} AS INTEGER), TRY_CAST({value} AS DATE))"
    elif dt.this in sql_types.INTEGERS:
        read = f"TRY_CAST(trino_integer_text({value}) AS {kind})"
    else:
        read = f"TRY_CAST({value} AS {kind})"
    return f"trino_bad_data(nullif({value}, ''), {read}, {index})"


def _json(table: "TableTypeDef", files: list[str]) -> tuple[list[str], str]:
    """Read one JSON object for each line; names match in any case."""
    options = _serde_parameters(table)
    lenient = options.get("ignore.malformed.json", "").lower() == "true"
    source = f"(SELECT __file, trino_json_line(__line, {str(lenient).lower()}) AS __json FROM {_lines(table, files)})"
    selected = []
    for name, dt in map(_name_type, columns(table)):
        path = options.get(f"mapping.{name}", name)
        value = f"trino_json_member(__json, {sql_text.literal(path)})"
        selected.append(f"{_read_json(value, dt)} AS {sql_text.identifier(name)}")
    return selected, f"{source} WHERE __json IS NOT NULL"


def _read_json(value: str, dt: DataType) -> str:
    if dt.this in (DType.VARCHAR, DType.CHAR):
        return f"({value} ->> '$')"
    if dt.this in (DType.ARRAY, DType.MAP, DType.STRUCT):
        return f"TRY_CAST({value} AS {type_names.duckdb_name(dt)})"
    return f"TRY_CAST(({value} ->> '$') AS {type_names.duckdb_name(dt)})"


_READERS: dict[str, Reader] = {
    r"ParquetHiveSerDe$": _parquet,
    r"LazySimpleSerDe$": _delimited,
    r"OpenCSVSerde$": _quoted_csv,
    r"[Jj]son[Ss]er[Dd]e$": _json,
}
