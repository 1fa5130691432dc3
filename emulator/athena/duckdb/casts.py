"""CAST and TRY_CAST from one Trino type to another, as DuckDB expressions."""

from sqlglot.expressions import DataType, DType

from emulator.athena.duckdb import json_reader, json_writer, render, zones
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError

# Macro that returns only texts that Trino reads as the type, and the type's name in the message of a failed cast.
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
    DType.TIME: ("time", "time"),
    DType.TIMESTAMP: ("timestamp", "timestamp"),
    DType.TIMESTAMPTZ: ("instant", "timestamp with time zone"),
}
_CLOCKS = (DType.TIME, DType.TIMESTAMP, DType.TIMESTAMPTZ)
_TODAY = "CAST(trino_now() AT TIME ZONE 'UTC' AS DATE)"


def cast(value: str, *, source: DataType, target: DataType, safe: bool, place: str) -> str:
    """Return the SQL of a cast.

    Args:
        value: SQL of the value; for a timestamp with time zone, of the instant.
        source: type of the value.
        target: type of the result.
        safe: whether a value that does not fit the target type becomes NULL instead of an error.
        place: position in the statement, for messages.

    Raises:
        AthenaError: TYPE_MISMATCH: Trino has no such cast.
    """
    word = "TRY_CAST" if safe else "CAST"
    plain = f"{word}({value} AS {type_names.duckdb_name(target)})"
    kinds = source.this, target.this
    if source.this in sql_types.UNTYPED or type_names.trino_name(source) == type_names.trino_name(target):
        return plain if source.this in sql_types.UNTYPED else value
    if target.this is DType.JSON and source.this is not DType.JSON:
        return f"CAST({json_writer.text(value, source, place=place)} AS JSON)"
    if source.this is DType.JSON and target.this in sql_types.TEXTS:
        text = f"trino_json_{'varchar' if safe else 'to_text'}({value})"
        return f"substr({text}, 1, {sql_types.parameters(target)[0]})" if sql_types.parameters(target) else text
    if target.this in sql_types.TEXTS:
        return _to_text(value, source, target, safe=safe)
    if source.this in sql_types.TEXTS:
        return _from_text(value, target, safe=safe, plain=plain)
    if source.this is DType.JSON and target.this in (DType.ARRAY, DType.MAP, DType.STRUCT):
        return json_reader.nested(value, target, word=word)
    if source.this is DType.JSON:
        return plain
    if {*kinds} <= {*sql_types.TIMES, DType.TIME} and {*kinds} != {DType.DATE, DType.TIME}:
        return _time(value, source, target)
    if source.this in (DType.FLOAT, DType.DOUBLE) and target.this in sql_types.INTEGERS:
        return f"{word}(round({value}) AS {type_names.duckdb_name(target)})"
    if kinds == (DType.STRUCT, DType.STRUCT) and len(source.expressions) != len(target.expressions):
        raise _no_cast(source, target, place=place)
    if source.this is target.this and _loses_digits(source, target):
        return _cast_parts(value, source, target, safe=safe, place=place)
    if kinds == (DType.STRUCT, DType.STRUCT):
        return f"{word}({_positional(value, source)} AS {type_names.duckdb_name(target)})"
    numeric = {*sql_types.NUMBERS, DType.BOOLEAN}
    if not ({*kinds} <= numeric or source.this is target.this):
        raise _no_cast(source, target, place=place)
    return plain


def _no_cast(source: DataType, target: DataType, *, place: str) -> AthenaError:
    names = f"{type_names.trino_name(source)} to {type_names.trino_name(target)}"
    return AthenaError("TYPE_MISMATCH", f"{place}: Cannot cast {names}")


def _loses_digits(source: DataType, target: DataType) -> bool:
    """Return whether a cast rounds, cuts or pads parts of the value, which DuckDB does not do in arrays and rows."""
    pairs = zip(sql_types.parts(source)[1:], sql_types.parts(target)[1:], strict=False)
    return any(
        (new.this in sql_types.TEXTS and sql_types.parameters(new) and old.this not in sql_types.UNTYPED)
        or (new.this in sql_types.TEXTS and old.this in (DType.FLOAT, DType.DOUBLE, DType.JSON))
        or (new.this in _CLOCKS and old.this in _CLOCKS and sql_types.digits(new) < sql_types.digits(old))
        for old, new in pairs
        if type_names.trino_name(old) != type_names.trino_name(new)
    )


def _cast_parts(value: str, source: DataType, target: DataType, *, safe: bool, place: str) -> str:
    """Return the SQL of an array, map or row with a cast of each of its parts."""

    def part(sql: str, old: DataType, new: DataType) -> str:
        return cast(sql, source=old, target=new, safe=safe, place=place)

    name = f"part{len(sql_types.parts(target))}"  # other lambdas around it have more parts, those inside it fewer
    if target.this is DType.ARRAY:
        return f"list_transform({value}, lambda {name}: {part(name, source.expressions[0], target.expressions[0])})"
    if target.this is DType.MAP:
        sides = (
            part(f"{name}.{side}", old, new)
            for side, old, new in zip(("key", "value"), source.expressions, target.expressions, strict=True)
        )
        return f"map_from_entries(list_transform(map_entries({value}), lambda {name}: row({', '.join(sides)})))"
    fields = zip(sql_types.fields(source), sql_types.fields(target), strict=True)
    parts = ", ".join(
        part(render.field(value, index, source), old, new) for index, ((_, old), (_, new)) in enumerate(fields)
    )
    return f"CASE WHEN {value} IS NOT NULL THEN CAST(row({parts}) AS {type_names.duckdb_name(target)}) END"


def padded(text: str, dt: DataType) -> str:
    """Return the SQL of a text with the blanks that a char has at its end."""
    (size,) = sql_types.parameters(dt)
    return f"rpad({text}, {size}, ' ')"


def assign(value: str, *, source: DataType, target: DataType) -> str:
    """Return the SQL of a value that is assigned to a column: a cast that fails instead of truncating a text."""
    size = sql_types.parameters(target) if target.this in sql_types.TEXTS else []
    text = cast(value, source=source, target=sql_types.VARCHAR if size else target, safe=False, place="line 1:1")
    types = f"{type_names.trino_name(source)} to {type_names.trino_name(target)}"
    if not size:
        return text
    fitting = f"trino_fitting({text}, {size[0]}, {sql_text.literal(types)})"
    return padded(fitting, target) if target.this is DType.CHAR else fitting


def _to_text(value: str, source: DataType, target: DataType, *, safe: bool) -> str:
    """Return the SQL of a cast to text. Only texts are cut; another value that does not fit is an error."""
    if source.this is DType.VARBINARY:
        written = f"decode({value})"
    elif source.this in (DType.FLOAT, DType.DOUBLE):
        written = f"trino_scientific_text({value})"
    elif source.this is DType.DATE:
        written = f"ltrim(trino_day({value}), '+')"
    else:
        written = render.text(value, source)
    size = sql_types.parameters(target)
    if target.this is DType.CHAR:
        return padded(written, target)
    if not size:
        return written
    if source.this in (*sql_types.TEXTS, DType.VARBINARY):
        return f"substr({written}, 1, {size[0]})"
    return f"trino_short{'_or_null' if safe else ''}({written}, {size[0]})"


def _from_text(value: str, target: DataType, *, safe: bool, plain: str) -> str:
    if target.this is DType.VARBINARY:
        return f"encode({value})"
    if target.this not in _READERS:
        return plain
    reader, name = _READERS[target.this]
    macro = f"trino_{reader}_text{'_in' if reader == 'double' else ''}"
    read = f"TRY_CAST({macro}({value}) AS {type_names.duckdb_name(target)})"
    if target.this in _CLOCKS:
        read = _read(f"{macro}({value})", target)
    if target.this is DType.DECIMAL:
        name = type_names.trino_name(target).upper().replace(",", ", ")
    return read if safe else f"trino_strict({value}, {read}, '{name}')"


def cast_literal(text: str, *, target: DataType, safe: bool) -> str:
    """Return the SQL of a string literal, which may name a zone, as a timestamp with time zone."""
    wall, zone = sql_types.split_zone(text) or (text, sql_types.UTC)
    clock = _read(f"trino_timestamp_text({sql_text.literal(wall)})", sql_types.timestamp(sql_types.digits(target)))
    read = zones.instant(clock, zone)
    return read if safe else f"trino_strict({sql_text.literal(text)}, {read}, '{_READERS[target.this][1]}')"


def _read(text: str, target: DataType) -> str:
    """Return the SQL that reads a text as a time or timestamp, rounded to the digits of the type."""
    picoseconds = 10 ** (12 - sql_types.digits(target))
    whole = f"TRY_CAST(regexp_replace({text}, '\\.[0-9]+', '') AS {type_names.duckdb_name(target)})"
    return f"({whole} + trino_fraction({text}, {picoseconds}))"


def _time(value: str, source: DataType, target: DataType) -> str:
    """Return the SQL of a cast between dates, times and timestamps; the zone of the session is UTC."""
    if source.this is DType.TIMESTAMPTZ and target.this is not DType.TIMESTAMPTZ:
        value = zones.wall_clock(value, sql_types.zone(source))
    if source.this is DType.TIMESTAMPTZ and target.this is DType.TIMESTAMPTZ:
        value = f"({value} AT TIME ZONE 'UTC')"
    if target.this is DType.DATE:
        return f"CAST({value} AS DATE)"
    if source.this is DType.TIME:
        day = "DATE '1970-01-01'" if target.this is DType.TIME else _TODAY
        value = f"({day} + {value})"
    if source.this is not DType.DATE and sql_types.digits(target) < sql_types.digits(source):
        value = f"trino_round_time({value}, {10 ** (6 - sql_types.digits(target))})"
    value = f"CAST({value} AS {'TIME' if target.this is DType.TIME else 'TIMESTAMP'})"
    return f"({value} AT TIME ZONE 'UTC')" if target.this is DType.TIMESTAMPTZ else value


def _positional(value: str, source: DataType) -> str:
    """Return the SQL of a row without field names, because DuckDB casts rows by name and Trino by position."""
    named = sql_types.fields(source)
    if not all(name for name, _ in named):
        return value
    parts = ", ".join(f"struct_extract({value}, {sql_text.literal(name)})" for name, _ in named)
    return f"CASE WHEN {value} IS NOT NULL THEN row({parts}) END"
