"""SHOW and DESCRIBE, parsed."""

from emulator.athena.parsing import parse_hive
from emulator.athena.parsing.cursor import Cursor
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.statements import (
    Describe,
    Name,
    ShowColumns,
    ShowCreate,
    ShowDatabases,
    ShowFunctions,
    ShowPartitions,
    ShowProperties,
    ShowTables,
    Statement,
)


def parse(cursor: Cursor, text: str) -> Statement:
    """A statement that begins with SHOW, DESCRIBE or DESC."""
    statement = _show(cursor, text) if cursor.accept("SHOW") else _describe(cursor, text)
    parse_hive.end(cursor)
    return statement


def _show(cursor: Cursor, text: str) -> Statement:
    match cursor.next().word:
        case "TABLES":
            return ShowTables(text=text, database=_database(cursor), pattern=_pattern(cursor))
        case "VIEWS":
            return ShowTables(text=text, database=_database(cursor), pattern=_pattern(cursor), views=True)
        case "DATABASES" | "SCHEMAS":
            if cursor.accept("IN") or cursor.accept("FROM"):
                cursor.name()
            return ShowDatabases(text=text, pattern=_pattern(cursor))
        case "COLUMNS":
            return ShowColumns(text=text, name=_table(cursor))
        case "PARTITIONS":
            return ShowPartitions(text=text, name=parse_hive.table_name(cursor))
        case "CREATE":
            view = cursor.accept("VIEW")
            if not view:
                cursor.expect("TABLE")
            return ShowCreate(text=text, name=parse_hive.table_name(cursor), view=view)
        case "TBLPROPERTIES":
            name = parse_hive.table_name(cursor)
            wanted = None
            if cursor.accept("("):
                wanted = cursor.string()
                cursor.expect(")")
            return ShowProperties(text=text, name=name, property=wanted)
        case "FUNCTIONS":
            return ShowFunctions(text=text, pattern=_pattern(cursor))
    raise not_supported(f"SHOW {cursor.peek(-1).text}")


def _describe(cursor: Cursor, text: str) -> Describe:
    cursor.next()
    detailed = cursor.accept("EXTENDED") or cursor.accept("FORMATTED")
    cursor.accept("TABLE")
    name = parse_hive.table_name(cursor)
    if not cursor.at_end:
        raise not_supported("DESCRIBE of a column or partition")
    return Describe(text=text, name=name, detailed=detailed)


def _table(cursor: Cursor) -> Name:
    """`FROM t`, `IN db.t` or `IN t IN db`."""
    if not cursor.accept("FROM") and not cursor.accept("IN"):
        raise cursor.mismatch("FROM", "IN")
    name = parse_hive.table_name(cursor)
    if cursor.accept("FROM") or cursor.accept("IN"):
        name = Name(cursor.name(), name.table)
    return name


def _database(cursor: Cursor) -> str | None:
    if cursor.accept("IN") or cursor.accept("FROM"):
        return cursor.dotted()[-1]
    return None


def _pattern(cursor: Cursor) -> str | None:
    liked = cursor.accept("LIKE")
    return cursor.string() if liked or cursor.token.kind == "string" else None
