"""Functions of times whose DuckDB expression depends on types, zones or literals."""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from emulator.athena.duckdb import render, timeformat, zones
from emulator.athena.duckdb.custom_functions import literal_argument
from emulator.athena.duckdb.writer import SqlWriter
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing.signature import type_of

_STEPS = {
    "millisecond": "milliseconds",
    "second": "seconds",
    "minute": "minutes",
    "hour": "hours",
    "day": "days",
    "week": "weeks",
    "month": "months",
    "quarter": "quarters",
    "year": "years",
}
# Joda's letters for an offset, the character that stands for it until the moment is known, and its separator.
_OFFSETS = {"Z": ("\x01", ""), "ZZ": ("\x02", ":")}
_NO_ZONE = (
    "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not contain TZ information"
)
_MILLISECONDS = 3
_CLOCK_UNITS = ("millisecond", "second", "minute", "hour")


def date_add(writer: SqlWriter, call: exp.Anonymous) -> str:
    unit = literal_argument(call, 0).lower()
    moment = type_of(call.expressions[2])
    if unit not in _STEPS or (moment.this is DType.DATE and unit in _CLOCK_UNITS):
        kind = type_names.trino_name(moment).partition("(")[0].upper()
        raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"{position(call)}: '{unit}' is not a valid {kind} field")
    count = writer.sql(call.expressions[1])
    count = count if unit in _CLOCK_UNITS else f"CAST({count} AS INTEGER)"
    step = f"to_{_STEPS[unit]}({count})"
    moved = f"({writer.local(call.expressions[2])} + {step})"
    if moment.this is DType.DATE:
        return f"CAST({moved} AS DATE)"
    if moment.this is DType.TIMESTAMPTZ and unit not in _CLOCK_UNITS:
        return zones.instant(moved, sql_types.zone(moment))
    if moment.this is DType.TIMESTAMP:
        return _rounded(moved, moment) if unit == "millisecond" else moved
    moved = f"({writer.sql(call.expressions[2])} + {step})"
    if unit != "millisecond" or sql_types.digits(moment) >= _MILLISECONDS:
        return moved
    clock = _rounded(zones.wall_clock(moved, sql_types.UTC), moment)
    return zones.instant(clock, sql_types.UTC)


def _rounded(wall: str, dt: DataType) -> str:
    """Return the SQL of a wall clock with the digits of a type, if these are fewer than those of milliseconds."""
    digits = sql_types.digits(dt)
    if digits >= _MILLISECONDS:
        return wall
    return f"trino_round_time({wall}, {10 ** (sql_types.MOST_DIGITS - digits)})"


def _in_milliseconds(writer: SqlWriter, moment: exp.Expr) -> str:
    """Return the SQL of the wall clock of a moment, rounded to milliseconds."""
    dt, wall = type_of(moment), writer.local(moment)
    fine = dt.this in (DType.TIMESTAMP, DType.TIMESTAMPTZ) and sql_types.digits(dt) > _MILLISECONDS
    return f"trino_round_time({wall}, 1000)" if fine else wall


def date_trunc(writer: SqlWriter, call: exp.Anonymous) -> str:
    """Return `date_trunc` of a timestamp with time zone; an hour that the clock shows twice stays two hours."""
    unit, moment = writer.sql(call.expressions[0]), call.expressions[1]
    wall = writer.local(moment)
    start = f"date_trunc({unit}, {wall})"
    calendar = zones.instant(start, sql_types.zone(type_of(moment)))
    return (
        f"CASE WHEN trino_is_clock_unit({unit}) THEN {writer.instant(moment)} - ({wall} - {start}) ELSE {calendar} END"
    )


def date_diff(writer: SqlWriter, call: exp.Anonymous) -> str:
    """Return `date_diff` of timestamps with time zone; days and longer units count in the zone of the first."""
    unit, *moments = call.expressions
    instants = [writer.instant(moment) for moment in moments]
    first = type_of(moments[0])
    zone = sql_types.zone(first) if first.this is DType.TIMESTAMPTZ else sql_types.UTC
    absolute, local = (", ".join(zones.wall_clock(each, name) for each in instants) for name in (sql_types.UTC, zone))
    unit_sql = writer.sql(unit)
    return (
        f"CASE WHEN trino_is_clock_unit({unit_sql}) THEN date_sub({unit_sql}, {absolute}) "
        f"ELSE date_sub({unit_sql}, {local}) END"
    )


def current(writer: SqlWriter, call: exp.Anonymous) -> str:
    """Return the current time, rounded to the digits of a call such as `current_timestamp(0)`."""
    digits = sql_types.digits(type_of(call))
    now = f"trino_round_time(trino_now() AT TIME ZONE 'UTC', {10 ** (sql_types.MOST_DIGITS - digits)})"
    kind = type_of(call).this
    return (
        f"CAST({now} AS TIME)"
        if kind is DType.TIME
        else f"({now} AT TIME ZONE 'UTC')"
        if kind is DType.TIMESTAMPTZ
        else now
    )


def current_time(writer: SqlWriter, call: exp.Anonymous) -> str:
    raise not_supported(f"{position(call)}: current_time, a time with time zone, is not in the emulator's engine")


def date_format(writer: SqlWriter, call: exp.Anonymous) -> str:
    pattern = timeformat.mysql(literal_argument(call, 1)).replace("%f", "%g000")  # Trino prints milliseconds here
    wall = _in_milliseconds(writer, call.expressions[0])
    return f"strftime({wall}, {sql_text.literal(pattern)})" if pattern else "''"


def date_parse(writer: SqlWriter, call: exp.Anonymous) -> str:
    pattern = timeformat.mysql(literal_argument(call, 1))
    return f"date_trunc('millisecond', {_parsed(writer.sql(call.expressions[0]), pattern)})"


def _parsed(text: str, pattern: str) -> str:
    """Return the SQL of the wall clock in a text; if the pattern has no year, of Joda's default year."""
    if not re.search("%-?[YyG]", pattern):
        year = "2000 " if re.search("%-?[mbBdjaAuV]", pattern) else "1970 "
        text, pattern = f"'{year}' || {text}", f"%Y {pattern}"
    return f"strptime({text}, {sql_text.literal(pattern)})"


def format_datetime(writer: SqlWriter, call: exp.Anonymous) -> str:
    moment = type_of(call.expressions[0])
    zone = sql_types.zone(moment) if moment.this is DType.TIMESTAMPTZ else sql_types.UTC

    def zone_text(token: str) -> str:
        if moment.this is not DType.TIMESTAMPTZ:
            raise AthenaError("INVALID_FUNCTION_ARGUMENT", _NO_ZONE)
        if token in _OFFSETS:
            return _OFFSETS[token][0]
        if token[0] == "z" and zone[0] not in "+-" and zone != sql_types.UTC:
            raise not_supported(f"{position(call)}: the name of a zone ('{token}') is not in the emulator's engine")
        return zone.replace("%", "%%")

    pattern = timeformat.joda(literal_argument(call, 1), zone=zone_text).replace("%f", "%g000")
    wall = _in_milliseconds(writer, call.expressions[0])
    text = f"strftime({wall}, {sql_text.literal(pattern)})"
    for mark, separator in _OFFSETS.values():
        if mark in pattern:
            text = (
                f"replace({text}, '{mark}', trino_offset_text({_offset(writer, call.expressions[0])}, '{separator}'))"
            )
    return text


def _offset(writer: SqlWriter, moment: exp.Expr) -> str:
    """Return the SQL of the interval between the wall clock of a moment and UTC."""
    return f"({writer.local(moment)} - ({writer.instant(moment)} AT TIME ZONE 'UTC'))"


def parse_datetime(writer: SqlWriter, call: exp.Anonymous) -> str:
    pattern = timeformat.joda(literal_argument(call, 1), zone=lambda _: "%z")
    return f"(CAST({_parsed(writer.sql(call.expressions[0]), pattern)} AS TIMESTAMP) AT TIME ZONE 'UTC')"


def at_timezone(writer: SqlWriter, call: exp.Anonymous) -> str:
    return writer.instant(call.expressions[0])


def with_timezone(writer: SqlWriter, call: exp.Anonymous) -> str:
    return zones.instant(writer.sql(call.expressions[0]), sql_types.zone(type_of(call)))


def from_unixtime_zone(writer: SqlWriter, call: exp.Anonymous) -> str:
    return f"trino_from_unixtime({writer.sql(call.expressions[0])})"


def iso8601(writer: SqlWriter, call: exp.Anonymous) -> str:
    moment = call.expressions[0]
    text = f"replace({render.clock(writer.local(moment), type_of(moment))}, ' ', 'T')"
    if type_of(moment).this is not DType.TIMESTAMPTZ:
        return text
    offset = _offset(writer, moment)
    return f"({text} || CASE WHEN epoch({offset}) = 0 THEN 'Z' ELSE trino_offset_text({offset}, ':') END)"


TIME_FUNCTIONS: dict[str, Callable[[SqlWriter, exp.Anonymous], str]] = {
    function.__name__: function
    for function in (
        *(date_add, date_trunc, date_diff, current, current_time),
        *(date_format, date_parse, format_datetime, parse_datetime),
        *(at_timezone, with_timezone, from_unixtime_zone, iso8601),
    )
}
