"""Functions whose DuckDB expression depends on types, literals or lambdas, not only on the SQL of the arguments."""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.expressions import DType

from emulator.athena.duckdb import array_functions, render, text_functions, timeformat
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
_CLOCK_UNITS = ("millisecond", "second", "minute", "hour")


def _literal(call: exp.Anonymous, index: int) -> str:
    """Return the text of an argument that must be a string literal."""
    argument = call.expressions[index]
    if not (isinstance(argument, exp.Literal) and argument.is_string):
        raise not_supported(f"{position(call)}: {call.name.lower()} with an argument {index + 1} that is not a literal")
    return argument.name


def concat(writer: SqlWriter, call: exp.Anonymous) -> str:
    if len(call.expressions) < 2:
        raise AthenaError(
            "INVALID_FUNCTION_ARGUMENT", f"{position(call)}: There must be two or more concatenation arguments"
        )
    return f"({' || '.join(writer.sql(part) for part in call.expressions)})"


def greatest(writer: SqlWriter, call: exp.Anonymous) -> str:
    return _extreme(writer, call, "greatest")


def least(writer: SqlWriter, call: exp.Anonymous) -> str:
    return _extreme(writer, call, "least")


def _extreme(writer: SqlWriter, call: exp.Anonymous, name: str) -> str:
    """Return `greatest` or `least`, which are NULL in Trino if an argument is NULL; DuckDB skips NULLs."""
    parts = [writer.sql(part) for part in call.expressions]
    nulls = " OR ".join(f"{part} IS NULL" for part in parts)
    return f"CASE WHEN {nulls} THEN NULL ELSE {name}({', '.join(parts)}) END"


def typeof(writer: SqlWriter, call: exp.Anonymous) -> str:
    return sql_text.literal(type_names.trino_name(type_of(call.expressions[0])))


def format(writer: SqlWriter, call: exp.Anonymous) -> str:  # noqa: A001 - Trino's name
    pattern = _literal(call, 0)
    rest = [
        render.text(writer.sql(part), type_of(part)) if spec == "s" else writer.sql(part)
        for part, spec in zip(call.expressions[1:], _specifiers(pattern, call), strict=False)
    ]
    return f"printf({', '.join([sql_text.literal(pattern), *rest])})"


def _specifiers(pattern: str, call: exp.Anonymous) -> list[str]:
    specifiers: list[str] = re.findall(r"%(?!%)[-+ 0]*\d*(?:\.\d+)?(.)", pattern.replace("%%", ""))
    if len(specifiers) != len(call.expressions) - 1 or set(specifiers) - set("sdfxeX"):
        raise not_supported(f"{position(call)}: format with the pattern '{pattern}'")
    return specifiers


def date_add(writer: SqlWriter, call: exp.Anonymous) -> str:
    unit = _literal(call, 0).lower()
    moment = type_of(call.expressions[2])
    if unit not in _STEPS or (moment.this is DType.DATE and unit in _CLOCK_UNITS):
        kind = type_names.trino_name(moment).partition("(")[0].upper()
        raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"{position(call)}: '{unit}' is not a valid {kind} field")
    count = writer.sql(call.expressions[1])
    count = count if unit in _CLOCK_UNITS else f"CAST({count} AS INTEGER)"
    moved = f"{writer.local(call.expressions[2])} + to_{_STEPS[unit]}({count})"
    if moment.this is DType.DATE:
        return f"CAST({moved} AS DATE)"
    if moment.this is DType.TIMESTAMPTZ:
        return f"(({moved}) AT TIME ZONE {sql_text.literal(sql_types.zone(moment))})"
    return f"({moved})"


def date_format(writer: SqlWriter, call: exp.Anonymous) -> str:
    return f"strftime({writer.local(call.expressions[0])}, {sql_text.literal(timeformat.mysql(_literal(call, 1)))})"


def date_parse(writer: SqlWriter, call: exp.Anonymous) -> str:
    pattern = sql_text.literal(timeformat.mysql(_literal(call, 1)))
    return f"strptime({writer.sql(call.expressions[0])}, {pattern})"


def format_datetime(writer: SqlWriter, call: exp.Anonymous) -> str:
    moment = type_of(call.expressions[0])
    zone = sql_types.zone(moment) if moment.this is DType.TIMESTAMPTZ else sql_types.UTC
    pattern = timeformat.joda(_literal(call, 1), zone=zone)
    return f"strftime({writer.local(call.expressions[0])}, {sql_text.literal(pattern)})"


def parse_datetime(writer: SqlWriter, call: exp.Anonymous) -> str:
    pattern = sql_text.literal(timeformat.joda(_literal(call, 1), zone="%z"))
    return f"(CAST(strptime({writer.sql(call.expressions[0])}, {pattern}) AS TIMESTAMP) AT TIME ZONE 'UTC')"


def at_timezone(writer: SqlWriter, call: exp.Anonymous) -> str:
    return writer.instant(call.expressions[0])


def with_timezone(writer: SqlWriter, call: exp.Anonymous) -> str:
    return f"({writer.sql(call.expressions[0])} AT TIME ZONE {sql_text.literal(_literal(call, 1))})"


def from_unixtime_zone(writer: SqlWriter, call: exp.Anonymous) -> str:
    return f"trino_from_unixtime({writer.sql(call.expressions[0])})"


def iso8601_zone(writer: SqlWriter, call: exp.Anonymous) -> str:
    moment = call.expressions[0]
    if sql_types.zone(type_of(moment)) != sql_types.UTC:
        raise not_supported(
            f"{position(call)}: to_iso8601 of a timestamp in the zone {sql_types.zone(type_of(moment))}"
        )
    return f"(strftime({writer.local(moment)}, '%Y-%m-%dT%H:%M:%S.%g') || 'Z')"


def array_join(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, separator, *null = call.expressions
    part = render.text("part", type_of(whole).expressions[0])
    part = f"coalesce({part}, {writer.sql(null[0])})" if null else part
    return f"array_to_string(list_transform({writer.sql(whole)}, lambda part: {part}), {writer.sql(separator)})"


def listagg(writer: SqlWriter, call: exp.Anonymous) -> str:
    separator = writer.sql(call.expressions[1]) if len(call.expressions) > 1 else "''"
    return f"string_agg({writer.sql(call.expressions[0])}, {separator}{{order}})"


def reduce(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, start, step, last = call.expressions
    state = f"CAST({writer.sql(start)} AS {type_names.duckdb_name(type_of(step))})"
    total = f"list_reduce({writer.sql(whole)}, {writer.sql(step)}, {state})"
    return f"list_extract(list_transform([{total}], {writer.sql(last)}), 1)"


def zip_with(writer: SqlWriter, call: exp.Anonymous) -> str:
    first, second, function = call.expressions
    body = writer.inline(function, ["struct_extract(pair, 1)", "struct_extract(pair, 2)"])
    return f"list_transform(trino_zip({writer.sql(first)}, {writer.sql(second)}), lambda pair: {body})"


def map_filter(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, function = call.expressions
    body = writer.inline(function, ["entry.key", "entry.value"])
    return f"map_from_entries(list_filter(map_entries({writer.sql(whole)}), lambda entry: {body}))"


def transform_values(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, function = call.expressions
    body = writer.inline(function, ["entry.key", "entry.value"])
    entries = f"list_transform(map_entries({writer.sql(whole)}), lambda entry: row(entry.key, {body}))"
    return f"map_from_entries({entries})"


def transform_keys(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, function = call.expressions
    body = writer.inline(function, ["entry.key", "entry.value"])
    entries = f"list_transform(map_entries({writer.sql(whole)}), lambda entry: row({body}, entry.value))"
    return f"map_from_entries({entries})"


def map_zip_with(writer: SqlWriter, call: exp.Anonymous) -> str:
    first, second = (writer.sql(part) for part in call.expressions[:2])
    body = writer.inline(call.expressions[2], ["k", f"({first})[k]", f"({second})[k]"])
    keys = f"trino_distinct(list_concat(map_keys({first}), map_keys({second})))"
    return f"map_from_entries(list_transform({keys}, lambda k: row(k, {body})))"


def map_concat(writer: SqlWriter, call: exp.Anonymous) -> str:
    parts = [writer.sql(part) for part in call.expressions]
    given = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {given} THEN map_concat({', '.join(parts)}) END"


CUSTOM_FUNCTIONS: dict[str, Callable[[SqlWriter, exp.Anonymous], str]] = {
    function.__name__: function
    for function in (
        *(concat, greatest, least, typeof, format, date_add, date_format, date_parse, format_datetime, parse_datetime),
        *(at_timezone, with_timezone, from_unixtime_zone, iso8601_zone, array_join, listagg, reduce, zip_with),
        *(map_filter, transform_values, transform_keys, map_zip_with, map_concat, array_functions.nullif),
        *(text_functions.codepoint, text_functions.regexp_replace),
        *(array_functions.contains, array_functions.array_position, array_functions.array_remove),
    )
}
