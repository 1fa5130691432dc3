"""Functions of arrays that compare elements by Trino's equality, which has three values."""

from sqlglot import exp

from emulator.athena.duckdb.compare import Value, compare, is_plain
from emulator.athena.duckdb.writer import SqlWriter
from emulator.athena.typing.signature import type_of


def nullif(writer: SqlWriter, call: exp.Anonymous) -> str:
    first, second = call.expressions
    equal = compare("=", *(Value(writer.sql(part), type_of(part)) for part in (first, second)))
    return f"CASE WHEN {equal} THEN NULL ELSE {writer.sql(first)} END"


def contains(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, element = (writer.sql(part) for part in call.expressions)
    if _is_plain(call):
        return f"trino_contains({whole}, {element})"
    return f"CASE WHEN {element} IS NOT NULL THEN trino_is_found({_matches(writer, call)}) END"


def array_position(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, element = (writer.sql(part) for part in call.expressions)
    if _is_plain(call):
        return f"trino_position({whole}, {element})"
    return f"CASE WHEN {element} IS NOT NULL THEN trino_found_at({_matches(writer, call)}) END"


def array_remove(writer: SqlWriter, call: exp.Anonymous) -> str:
    whole, element = (writer.sql(part) for part in call.expressions)
    if _is_plain(call):
        return f"trino_remove({whole}, {element})"
    keep = f"CASE WHEN element IS NULL THEN true ELSE NOT trino_known({_equal(writer, call)}, 'array_remove') END"
    return f"CASE WHEN {element} IS NOT NULL THEN list_filter({whole}, lambda element: {keep}) END"


def _is_plain(call: exp.Anonymous) -> bool:
    whole, element = (type_of(part) for part in call.expressions)
    return is_plain(whole.expressions[0] if whole.expressions else whole, element)


def _equal(writer: SqlWriter, call: exp.Anonymous) -> str:
    """Return the SQL of whether `element`, an element of the array, equals the value."""
    whole, element = call.expressions
    sides = Value("element", type_of(whole).expressions[0]), Value(writer.sql(element), type_of(element))
    return compare("=", *sides)


def _matches(writer: SqlWriter, call: exp.Anonymous) -> str:
    """Return the SQL of a number for each element: 2 if it is the value, 1 if unknown, 3 if it is NULL, else 0."""
    match = f"CASE WHEN element IS NULL THEN 3 ELSE coalesce(CAST({_equal(writer, call)} AS INTEGER) * 2, 1) END"
    matches = f"list_transform({writer.sql(call.expressions[0])}, lambda element: {match})"
    return f"trino_settled({matches}, '{call.name.lower()}')"
