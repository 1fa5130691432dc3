"""Functions whose DuckDB expression depends on types, literals or lambdas, not only on the SQL of the arguments."""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.expressions import DType

from emulator.athena.duckdb import array_functions, casts, render, text_functions
from emulator.athena.duckdb.writer import SqlWriter
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported, position
from emulator.athena.typing.signature import type_of

# Trino's format writes these as Java does, not as a cast to varchar: 2020-05-10T12:34.
_JAVA_TEXTS = (DType.TIME, DType.TIMESTAMP, DType.TIMESTAMPTZ, DType.INTERVAL)


def literal_argument(call: exp.Anonymous, index: int) -> str:
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
    argument = call.expressions[0]
    dt = type_of(argument)
    # The lengths of literals and of what functions make of them are not known.
    lost = [part for part in sql_types.parts(dt) if part.this is DType.VARCHAR and not sql_types.parameters(part)]
    if lost and not isinstance(argument, exp.Cast):
        raise not_supported(f"{position(call)}: typeof of a varchar is not in the emulator's engine")
    return sql_text.literal(type_names.trino_name(dt))


def format(writer: SqlWriter, call: exp.Anonymous) -> str:  # noqa: A001 - Trino's name
    pattern = literal_argument(call, 0)
    for part, spec in zip(call.expressions[1:], _specifiers(pattern, call), strict=False):
        if spec == "s" and type_of(part).this in _JAVA_TEXTS:
            kind = type_names.trino_name(type_of(part))
            raise not_supported(
                f"{position(part)}: format of a {kind} is not in the emulator's engine; cast it to varchar"
            )
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


def array_join(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, separator, *null = call.expressions
    element = type_of(whole).expressions[0]
    part = casts.cast("part", source=element, target=sql_types.VARCHAR, safe=False, place=position(call))
    part = f"coalesce({part}, {writer.sql(null[0])})" if null else part
    return f"trino_concat_ws({writer.sql(separator)}, list_transform({writer.sql(whole)}, lambda part: {part}))"


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
    alike = ", ".join(f"CAST({part} AS {type_names.duckdb_name(type_of(call))})" for part in parts)
    return f"CASE WHEN {given} THEN map_concat({alike}) END"


CUSTOM_FUNCTIONS: dict[str, Callable[[SqlWriter, exp.Anonymous], str]] = {
    function.__name__: function
    for function in (
        *(concat, greatest, least, typeof, format, array_join, listagg, reduce, zip_with),
        *(map_filter, transform_values, transform_keys, map_zip_with, map_concat, array_functions.nullif),
        *(text_functions.codepoint, text_functions.regexp_replace),
        *(text_functions.trim, text_functions.ltrim, text_functions.rtrim),
        *(array_functions.contains, array_functions.array_position, array_functions.array_remove),
    )
}
