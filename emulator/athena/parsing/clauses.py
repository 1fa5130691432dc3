"""Clauses that several statements share: names, columns, properties."""

from emulator.athena.parsing.cursor import Cursor
from emulator.athena.runtime import type_names
from emulator.athena.runtime.errors import MalformedQueryError, not_supported
from emulator.athena.runtime.statements import Column, Name


def table_name(cursor: Cursor) -> Name:
    """Read a table's name; a catalog before the database must be Glue's own."""
    place = cursor.token.start
    parts = cursor.dotted()
    if len(parts) == 3:
        catalog = parts.pop(0)
        if catalog not in ("awsdatacatalog", "hive"):
            raise not_supported(f"catalog '{catalog}': the only catalog is AwsDataCatalog")
    if len(parts) > 2:
        raise MalformedQueryError(f"too many parts in the name at {place}: {'.'.join(parts)}")
    return Name(parts[0] if len(parts) == 2 else None, parts[-1])


def properties(cursor: Cursor) -> dict[str, str]:
    """Read `('name' = 'value', ...)`."""
    values: dict[str, str] = {}
    cursor.expect("(")
    while True:
        name = cursor.string()
        cursor.expect("=")
        values[name] = cursor.string()
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return values


def columns(cursor: Cursor) -> list[Column]:
    """Read `(name type COMMENT 'text', ...)`."""
    cursor.expect("(")
    listed = [column(cursor)]
    while cursor.accept(","):
        listed.append(column(cursor))
    cursor.expect(")")
    return listed


def column(cursor: Cursor) -> Column:
    """Read a column's name, type and comment.

    Raises:
        MalformedQueryError: Hive has no such type.
    """
    name = cursor.name()
    token = cursor.token
    hive_type = "".join(cursor.skip_type().lower().split())
    try:
        dt = type_names.parse_hive(hive_type)
        type_names.hive_name(dt)
    except ValueError as error:
        raise MalformedQueryError(
            f"mismatched input '{token.text}': {hive_type} is not a type of Hive ({error})"
        ) from None
    comment = cursor.string() if cursor.accept("COMMENT") else ""
    return Column(name=name, type=dt, hive_type=hive_type, comment=comment)


def with_properties(cursor: Cursor) -> dict[str, str | list[str]]:
    """Read `(format = 'PARQUET', partitioned_by = ARRAY['day'])` of CTAS and UNLOAD."""
    values: dict[str, str | list[str]] = {}
    cursor.expect("(")
    while not cursor.accept(")"):
        name = cursor.name()
        cursor.expect("=")
        values[name] = _property_value(cursor)
        if not cursor.accept(",") and cursor.token.text != ")":
            raise cursor.mismatch(",", ")")
    return values


def _property_value(cursor: Cursor) -> str | list[str]:
    if not cursor.accept("ARRAY"):
        return cursor.string() if cursor.token.kind == "string" else cursor.next().text
    values: list[str] = []
    cursor.expect("[")
    while not cursor.accept("]"):
        values.append(cursor.string())
        cursor.accept(",")
    return values
