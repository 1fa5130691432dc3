"""CAST and TRY_CAST from one Trino type to another, as DuckDB expressions."""

from sqlglot.expressions import DataType, DType

from local.athena import render, sqltypes
from local.athena.errors import AthenaError

# Macro that lets through only what Trino reads as the type, and the type's name in the message of a failed cast.
_READERS = {
    DType.TINYINT: ("integer", "TINYINT"),
    DType.SMALLINT: ("integer", "SMALLINT"),
    DType.INT: ("integer", "INT"),
    DType.BIGINT: ("integer", "BIGINT"),
    DType.DOUBLE: ("double", "DOUBLE"),
    DType.FLOAT: ("double", "REAL"),
    DType.DECIMAL: ("decimal", "DECIMAL"),
    DType.BOOLEAN: ("boolean", "BOOLEAN"),
    DType.DATE: ("date", "date"),
    DType.TIMESTAMP: ("timestamp", "timestamp"),
    DType.TIMESTAMPTZ: ("instant", "timestamp with time zone"),
}


def cast(value: str, *, source: DataType, target: DataType, safe: bool, place: str) -> str:
    """SQL of a cast.

    Args:
        value: SQL of the value; for a timestamp with time zone, of the instant.
        source: type of the value.
        target: type that it gets.
        safe: whether a value that has none in the target type becomes NULL instead of an error.
        place: position in the statement, for messages.

    Raises:
        AthenaError: TYPE_MISMATCH: Trino has no such cast.
    """
    word = "TRY_CAST" if safe else "CAST"
    plain = f"{word}({value} AS {sqltypes.duckdb_name(target)})"
    kinds = source.this, target.this
    if source.this in sqltypes.UNTYPED or sqltypes.trino_name(source) == sqltypes.trino_name(target):
        return plain if source.this in sqltypes.UNTYPED else value
    if target.this in sqltypes.TEXTS:
        return _to_text(value, source, target)
    if source.this in sqltypes.TEXTS:
        return _from_text(value, target, safe=safe, plain=plain)
    if target.this is DType.JSON:
        return f"to_json({value})"
    if source.this is DType.JSON:
        return plain
    if source.this in sqltypes.TIMES and target.this in sqltypes.TIMES:
        return _time(value, source, target)
    if source.this in (DType.FLOAT, DType.DOUBLE) and target.this in sqltypes.INTEGERS:
        return f"{word}(round({value}) AS {sqltypes.duckdb_name(target)})"
    if kinds == (DType.STRUCT, DType.STRUCT):
        return f"{word}({_positional(value, source)} AS {sqltypes.duckdb_name(target)})"
    numeric = {*sqltypes.NUMBERS, DType.BOOLEAN}
    if not ({*kinds} <= numeric or source.this is target.this or DType.TIME in kinds):
        raise AthenaError(
            "TYPE_MISMATCH", f"{place}: Cannot cast {sqltypes.trino_name(source)} to {sqltypes.trino_name(target)}"
        )
    return plain


def assign(value: str, *, source: DataType, target: DataType) -> str:
    """SQL of what a column of a type gets of a value: a cast that cuts no text off."""
    size = sqltypes.parameters(target) if target.this in sqltypes.TEXTS else []
    text = cast(value, source=source, target=sqltypes.VARCHAR if size else target, safe=False, place="line 1:1")
    types = f"{sqltypes.trino_name(source)} to {sqltypes.trino_name(target)}"
    return f"trino_fitting({text}, {size[0]}, {sqltypes.literal(types)})" if size else text


def _to_text(value: str, source: DataType, target: DataType) -> str:
    if source.this is DType.JSON:
        written = f"({value} ->> '$')"
    elif source.this is DType.VARBINARY:
        written = f"decode({value})"
    else:
        written = render.text(value, source)
    size = sqltypes.parameters(target)
    return f"substr({written}, 1, {size[0]})" if size else written


def _from_text(value: str, target: DataType, *, safe: bool, plain: str) -> str:
    if target.this is DType.JSON:
        return f"to_json({value})"
    if target.this is DType.VARBINARY:
        return f"encode({value})"
    if target.this not in _READERS:
        return plain
    reader, name = _READERS[target.this]
    read = (
        f"TRY_CAST(trino_{reader}_text{'_in' if reader == 'double' else ''}({value}) AS {sqltypes.duckdb_name(target)})"
    )
    if target.this is DType.DECIMAL:
        name = sqltypes.trino_name(target).upper().replace(",", ", ")
    return read if safe else f"trino_strict({value}, {read}, '{name}')"


def _time(value: str, source: DataType, target: DataType) -> str:
    if source.this is DType.TIMESTAMPTZ and target.this is not DType.TIMESTAMPTZ:
        value = f"({value} AT TIME ZONE {sqltypes.literal(sqltypes.zone(source))})"
    if target.this is DType.DATE:
        return f"CAST({value} AS DATE)"
    if DType.DATE is not source.this and sqltypes.digits(target) < sqltypes.digits(source):
        unit = 10 ** (6 - sqltypes.digits(target))
        wall = value if source.this is not DType.TIMESTAMPTZ else f"({value} AT TIME ZONE 'UTC')"
        value = f"trino_round_time({wall if target.this is DType.TIMESTAMPTZ else value}, {unit})"
        return f"({value} AT TIME ZONE 'UTC')" if target.this is DType.TIMESTAMPTZ else value
    if target.this is DType.TIMESTAMPTZ and source.this is not DType.TIMESTAMPTZ:
        return f"(CAST({value} AS TIMESTAMP) AT TIME ZONE 'UTC')"
    return f"CAST({value} AS {sqltypes.duckdb_name(target)})"


def _positional(value: str, source: DataType) -> str:
    """DuckDB casts rows by field name, Trino by position."""
    named = sqltypes.fields(source)
    if not all(name for name, _ in named):
        return value
    parts = ", ".join(f"struct_extract({value}, {sqltypes.literal(name)})" for name, _ in named)
    return f"CASE WHEN {value} IS NOT NULL THEN row({parts}) END"
