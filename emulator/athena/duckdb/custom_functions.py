"""Functions whose DuckDB expression depends on more than their arguments' SQL: on types, literals or lambdas."""

import re
import typing as t
from collections.abc import Callable

from sqlglot import exp
from sqlglot.expressions import DType

from emulator.athena.duckdb import render, timeformat
from emulator.athena.runtime import sql_types
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.position import position
from emulator.athena.typing.signature import type_of

if t.TYPE_CHECKING:
    from emulator.athena.duckdb.generate import Generator

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
    """The text of an argument that must be a literal."""
    argument = call.expressions[index]
    if not (isinstance(argument, exp.Literal) and argument.is_string):
        raise not_supported(f"{position(call)}: {call.name.lower()} with an argument {index + 1} that is not a literal")
    return argument.name


def concat(gen: "Generator", call: exp.Anonymous) -> str:
    return f"({' || '.join(gen.sql(part) for part in call.expressions)})"


def greatest(gen: "Generator", call: exp.Anonymous) -> str:
    return _extreme(gen, call, "greatest")


def least(gen: "Generator", call: exp.Anonymous) -> str:
    return _extreme(gen, call, "least")


def _extreme(gen: "Generator", call: exp.Anonymous, name: str) -> str:
    """DuckDB leaves NULLs out; Trino gives NULL if there is one."""
    parts = [gen.sql(part) for part in call.expressions]
    nulls = " OR ".join(f"{part} IS NULL" for part in parts)
    return f"CASE WHEN {nulls} THEN NULL ELSE {name}({', '.join(parts)}) END"


def typeof(gen: "Generator", call: exp.Anonymous) -> str:
    return sql_types.literal(sql_types.trino_name(type_of(call.expressions[0])))


def format(gen: "Generator", call: exp.Anonymous) -> str:  # noqa: A001 - Trino's name
    pattern = _literal(call, 0)
    rest = [
        render.text(gen.sql(part), type_of(part)) if spec == "s" else gen.sql(part)
        for part, spec in zip(call.expressions[1:], _specifiers(pattern, call), strict=False)
    ]
    return f"printf({', '.join([sql_types.literal(pattern), *rest])})"


def _specifiers(pattern: str, call: exp.Anonymous) -> list[str]:
    found: list[str] = re.findall(r"%(?!%)[-+ 0]*\d*(?:\.\d+)?(.)", pattern.replace("%%", ""))
    if len(found) != len(call.expressions) - 1 or set(found) - set("sdfxeX"):
        raise not_supported(f"{position(call)}: format with the pattern '{pattern}'")
    return found


def date_add(gen: "Generator", call: exp.Anonymous) -> str:
    unit = _literal(call, 0).lower()
    moment = type_of(call.expressions[2])
    if unit not in _STEPS or (moment.this is DType.DATE and unit in _CLOCK_UNITS):
        kind = sql_types.trino_name(moment).partition("(")[0].upper()
        raise AthenaError("INVALID_FUNCTION_ARGUMENT", f"{position(call)}: '{unit}' is not a valid {kind} field")
    count = gen.sql(call.expressions[1])
    count = count if unit in _CLOCK_UNITS else f"CAST({count} AS INTEGER)"
    moved = f"{gen.local(call.expressions[2])} + to_{_STEPS[unit]}({count})"
    if moment.this is DType.DATE:
        return f"CAST({moved} AS DATE)"
    if moment.this is DType.TIMESTAMPTZ:
        return f"(({moved}) AT TIME ZONE {sql_types.literal(sql_types.zone(moment))})"
    return f"({moved})"


def date_format(gen: "Generator", call: exp.Anonymous) -> str:
    return f"strftime({gen.local(call.expressions[0])}, {sql_types.literal(timeformat.mysql(_literal(call, 1)))})"


def date_parse(gen: "Generator", call: exp.Anonymous) -> str:
    pattern = sql_types.literal(timeformat.mysql(_literal(call, 1)))
    return f"strptime({gen.sql(call.expressions[0])}, {pattern})"


def format_datetime(gen: "Generator", call: exp.Anonymous) -> str:
    moment = type_of(call.expressions[0])
    zone = sql_types.zone(moment) if moment.this is DType.TIMESTAMPTZ else sql_types.UTC
    pattern = timeformat.joda(_literal(call, 1), zone=zone)
    return f"strftime({gen.local(call.expressions[0])}, {sql_types.literal(pattern)})"


def parse_datetime(gen: "Generator", call: exp.Anonymous) -> str:
    pattern = sql_types.literal(timeformat.joda(_literal(call, 1), zone="%z"))
    return f"(CAST(strptime({gen.sql(call.expressions[0])}, {pattern}) AS TIMESTAMP) AT TIME ZONE 'UTC')"


def at_timezone(gen: "Generator", call: exp.Anonymous) -> str:
    return gen.instant(call.expressions[0])


def with_timezone(gen: "Generator", call: exp.Anonymous) -> str:
    return f"({gen.sql(call.expressions[0])} AT TIME ZONE {sql_types.literal(_literal(call, 1))})"


def from_unixtime_zone(gen: "Generator", call: exp.Anonymous) -> str:
    return f"trino_from_unixtime({gen.sql(call.expressions[0])})"


def iso8601_zone(gen: "Generator", call: exp.Anonymous) -> str:
    moment = call.expressions[0]
    if sql_types.zone(type_of(moment)) != sql_types.UTC:
        raise not_supported(
            f"{position(call)}: to_iso8601 of a timestamp in the zone {sql_types.zone(type_of(moment))}"
        )
    return f"(strftime({gen.local(moment)}, '%Y-%m-%dT%H:%M:%S.%g') || 'Z')"


def array_join(gen: "Generator", call: exp.Anonymous) -> str:
    whole, separator, *null = call.expressions
    part = render.text("part", type_of(whole).expressions[0])
    part = f"coalesce({part}, {gen.sql(null[0])})" if null else part
    return f"array_to_string(list_transform({gen.sql(whole)}, lambda part: {part}), {gen.sql(separator)})"


def listagg(gen: "Generator", call: exp.Anonymous) -> str:
    separator = gen.sql(call.expressions[1]) if len(call.expressions) > 1 else "''"
    return f"string_agg({gen.sql(call.expressions[0])}, {separator}{{order}})"


def reduce(gen: "Generator", call: exp.Anonymous) -> str:
    whole, start, step, last = call.expressions
    state = f"CAST({gen.sql(start)} AS {sql_types.duckdb_name(type_of(step))})"
    total = f"list_reduce({gen.sql(whole)}, {gen.sql(step)}, {state})"
    return f"list_extract(list_transform([{total}], {gen.sql(last)}), 1)"


def zip_with(gen: "Generator", call: exp.Anonymous) -> str:
    first, second, function = call.expressions
    body = gen.inline(function, ["struct_extract(pair, 1)", "struct_extract(pair, 2)"])
    return f"list_transform(list_zip({gen.sql(first)}, {gen.sql(second)}), lambda pair: {body})"


def map_filter(gen: "Generator", call: exp.Anonymous) -> str:
    whole, function = call.expressions
    body = gen.inline(function, ["entry.key", "entry.value"])
    return f"map_from_entries(list_filter(map_entries({gen.sql(whole)}), lambda entry: {body}))"


def transform_values(gen: "Generator", call: exp.Anonymous) -> str:
    whole, function = call.expressions
    body = gen.inline(function, ["entry.key", "entry.value"])
    entries = f"list_transform(map_entries({gen.sql(whole)}), lambda entry: row(entry.key, {body}))"
    return f"map_from_entries({entries})"


def transform_keys(gen: "Generator", call: exp.Anonymous) -> str:
    whole, function = call.expressions
    body = gen.inline(function, ["entry.key", "entry.value"])
    entries = f"list_transform(map_entries({gen.sql(whole)}), lambda entry: row({body}, entry.value))"
    return f"map_from_entries({entries})"


def map_zip_with(gen: "Generator", call: exp.Anonymous) -> str:
    first, second = (gen.sql(part) for part in call.expressions[:2])
    body = gen.inline(call.expressions[2], ["k", f"({first})[k]", f"({second})[k]"])
    keys = f"trino_distinct(list_concat(map_keys({first}), map_keys({second})))"
    return f"map_from_entries(list_transform({keys}, lambda k: row(k, {body})))"


SPECIAL: dict[str, Callable[["Generator", exp.Anonymous], str]] = {
    function.__name__: function
    for function in (
        *(concat, greatest, least, typeof, format, date_add, date_format, date_parse, format_datetime, parse_datetime),
        *(at_timezone, with_timezone, from_unixtime_zone, iso8601_zone, array_join, listagg, reduce, zip_with),
        *(map_filter, transform_values, transform_keys, map_zip_with),
    )
}
