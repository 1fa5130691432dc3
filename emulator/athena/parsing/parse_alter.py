"""ALTER DATABASE and ALTER TABLE."""

from emulator.athena.parsing.clauses import column, columns, properties, table_name
from emulator.athena.parsing.cursor import Cursor
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.statements import (
    AddColumns,
    AddPartitions,
    AlterDatabase,
    ChangeColumn,
    DropColumn,
    DropPartitions,
    Name,
    RenameTable,
    ReplaceColumns,
    SetLocation,
    SetProperties,
    Statement,
    UnsetProperties,
)


def alter(cursor: Cursor) -> Statement:
    """Read what follows ALTER."""
    if cursor.accept("DATABASE") or cursor.accept("SCHEMA"):
        database = cursor.name()
        cursor.expect("SET", "DBPROPERTIES")
        return AlterDatabase(text=cursor.text, database=database, properties=properties(cursor))
    cursor.expect("TABLE")
    name = table_name(cursor)
    statement = _alter_table(cursor, name)
    cursor.expect_end()
    return statement


def _alter_table(cursor: Cursor, name: Name) -> Statement:
    if cursor.accept("ADD", "COLUMNS") or cursor.accept("ADD", "COLUMN"):
        added = columns(cursor) if cursor.token.text == "(" else [column(cursor)]
        return AddColumns(text=cursor.text, name=name, columns=added)
    if cursor.accept("REPLACE", "COLUMNS"):
        return ReplaceColumns(text=cursor.text, name=name, columns=columns(cursor))
    if cursor.accept("CHANGE"):
        cursor.accept("COLUMN")
        old = cursor.name()
        new = column(cursor)
        first = cursor.accept("FIRST")
        after = cursor.name() if cursor.accept("AFTER") else None
        return ChangeColumn(text=cursor.text, name=name, old=old, column=new, first=first, after=after)
    if cursor.accept("DROP", "COLUMN"):
        return DropColumn(text=cursor.text, name=name, column=cursor.name())
    if cursor.accept("RENAME", "TO"):
        return RenameTable(text=cursor.text, name=name, new=table_name(cursor))
    if cursor.accept("SET", "TBLPROPERTIES"):
        return SetProperties(text=cursor.text, name=name, properties=properties(cursor))
    if cursor.accept("UNSET", "TBLPROPERTIES"):
        return UnsetProperties(text=cursor.text, name=name, properties=_strings(cursor))
    partition = _partition(cursor) if cursor.accept("PARTITION") else {}
    if cursor.accept("SET", "LOCATION"):
        return SetLocation(text=cursor.text, name=name, partition=partition, location=cursor.string())
    if not partition and cursor.accept("ADD"):
        return _add_partitions(cursor, name)
    if not partition and cursor.accept("DROP"):
        return _drop_partitions(cursor, name)
    words = " ".join(token.text for token in cursor.tokens[2:] if token.kind == "word")
    raise not_supported(f"ALTER TABLE {words}")


def _add_partitions(cursor: Cursor, name: Name) -> AddPartitions:
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    partitions: list[tuple[dict[str, str], str | None]] = []
    while cursor.accept("PARTITION"):
        values = _partition(cursor)
        partitions.append((values, cursor.string() if cursor.accept("LOCATION") else None))
    if not partitions:
        raise cursor.mismatch("PARTITION")
    return AddPartitions(text=cursor.text, name=name, if_not_exists=if_not_exists, partitions=partitions)


def _drop_partitions(cursor: Cursor, name: Name) -> DropPartitions:
    if_exists = cursor.accept("IF", "EXISTS")
    partitions = []
    while cursor.accept("PARTITION"):
        partitions.append(_partition(cursor))
        cursor.accept(",")
    if not partitions:
        raise cursor.mismatch("PARTITION", "COLUMN")
    return DropPartitions(text=cursor.text, name=name, if_exists=if_exists, partitions=partitions)


def _strings(cursor: Cursor) -> list[str]:
    cursor.expect("(")
    values = [cursor.string()]
    while cursor.accept(","):
        values.append(cursor.string())
    cursor.expect(")")
    return values


def _partition(cursor: Cursor) -> dict[str, str]:
    """Read `(day = '2024-01-01', hour = 3)`, which follows PARTITION."""
    values: dict[str, str] = {}
    cursor.expect("(")
    while True:
        name = cursor.name()
        cursor.expect("=")
        values[name] = cursor.next().text if cursor.token.kind == "number" else cursor.string()
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return values
