"""SHOW and DESCRIBE."""

from emulator.athena.parsing.clauses import table_name
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


def parse(cursor: Cursor) -> Statement:
    """Read a statement that begins with SHOW, DESCRIBE or DESC."""
    statement = _show(cursor) if cursor.accept("SHOW") else _describe(cursor)
    cursor.expect_end()
    return statement


def _show(cursor: Cursor) -> Statement:
    match cursor.next().word:
        case "TABLES":
            return ShowTables(text=cursor.text, database=_database(cursor), pattern=_pattern(cursor))
        case "VIEWS":
            return ShowTables(text=cursor.text, database=_database(cursor), pattern=_pattern(cursor), views=True)
        case "DATABASES" | "SCHEMAS":
            if cursor.accept("IN") or cursor.accept("FROM"):
                cursor.name()
            return ShowDatabases(text=cursor.text, pattern=_pattern(cursor))
        case "COLUMNS":
            return ShowColumns(text=cursor.text, name=_table(cursor))
        case "PARTITIONS":
            return ShowPartitions(text=cursor.text, name=table_name(cursor))
        case "CREATE":
            view = cursor.accept("VIEW")
            if not view:
                cursor.expect("TABLE")
            return ShowCreate(text=cursor.text, name=table_name(cursor), view=view)
        case "TBLPROPERTIES":
            name = table_name(cursor)
            key = None
            if cursor.accept("("):
                key = cursor.string()
                cursor.expect(")")
            return ShowProperties(text=cursor.text, name=name, property=key)
        case "FUNCTIONS":
            return ShowFunctions(text=cursor.text, pattern=_pattern(cursor))
    raise not_supported(f"SHOW {cursor.peek(-1).text}")


def _describe(cursor: Cursor) -> Describe:
    cursor.next()
    detailed = cursor.accept("EXTENDED") or cursor.accept("FORMATTED")
    cursor.accept("TABLE")
    name = table_name(cursor)
    if not cursor.at_end:
        raise not_supported("DESCRIBE of a column or partition")
    return Describe(text=cursor.text, name=name, detailed=detailed)


def _table(cursor: Cursor) -> Name:
    """Read `FROM t`, `IN db.t` or `IN t IN db`."""
    if not cursor.accept("FROM") and not cursor.accept("IN"):
        raise cursor.mismatch("FROM", "IN")
    name = table_name(cursor)
    if cursor.accept("FROM") or cursor.accept("IN"):
        name = Name(cursor.name(), name.table)
    return name


def _database(cursor: Cursor) -> str | None:
    if cursor.accept("IN") or cursor.accept("FROM"):
        return cursor.dotted()[-1]
    return None


def _pattern(cursor: Cursor) -> str | None:
    has_like = cursor.accept("LIKE")
    return cursor.string() if has_like or cursor.token.kind == "string" else None
