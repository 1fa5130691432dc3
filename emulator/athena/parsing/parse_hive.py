"""Hive's DDL: CREATE, ALTER and DROP of databases and tables, MSCK."""

from emulator.athena.parsing.cursor import Cursor, Token
from emulator.athena.runtime import type_names
from emulator.athena.runtime.errors import MalformedQueryError, not_supported
from emulator.athena.runtime.statements import (
    AddColumns,
    AddPartitions,
    AlterDatabase,
    ChangeColumn,
    Column,
    CreateDatabase,
    CreateTable,
    DropColumn,
    DropDatabase,
    DropPartitions,
    DropTable,
    DropView,
    Name,
    RenameTable,
    ReplaceColumns,
    SetLocation,
    SetProperties,
    Statement,
    UnsetProperties,
)

_DELIMITERS = {
    ("FIELDS", "TERMINATED", "BY"): "field.delim",
    ("ESCAPED", "BY"): "escape.delim",
    ("COLLECTION", "ITEMS", "TERMINATED", "BY"): "collection.delim",
    ("MAP", "KEYS", "TERMINATED", "BY"): "mapkey.delim",
    ("LINES", "TERMINATED", "BY"): "line.delim",
    ("NULL", "DEFINED", "AS"): "serialization.null.format",
}


def table_name(cursor: Cursor) -> Name:
    """A table's name; a catalog before the database must be Glue's own."""
    place = cursor.token.start
    parts = cursor.dotted()
    if len(parts) == 3:
        catalog = parts.pop(0)
        if catalog not in ("awsdatacatalog", "hive"):
            raise not_supported(f"catalog '{catalog}': this Athena has the catalog AwsDataCatalog alone")
    if len(parts) > 2:
        raise MalformedQueryError(f"too many parts in the name at {place}: {'.'.join(parts)}")
    return Name(parts[0] if len(parts) == 2 else None, parts[-1])


def create_database(cursor: Cursor, text: str) -> CreateDatabase:
    """After CREATE DATABASE or CREATE SCHEMA."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    database = cursor.name()
    comment = location = ""
    options: dict[str, str] = {}
    while not cursor.at_end:
        if cursor.accept("COMMENT"):
            comment = cursor.string()
        elif cursor.accept("LOCATION"):
            location = cursor.string()
        else:
            cursor.expect("WITH", "DBPROPERTIES")
            options = properties(cursor)
    return CreateDatabase(
        text=text,
        database=database,
        if_not_exists=if_not_exists,
        comment=comment,
        location=location,
        properties=options,
    )


def create_table(cursor: Cursor, text: str, *, external: bool) -> CreateTable:
    """After CREATE [EXTERNAL] TABLE."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = table_name(cursor)
    columns = _columns(cursor)
    partition_columns: list[Column] = []
    transforms: list[str] = []
    parts: dict[str, str] = {}
    serde_properties: dict[str, str] = {}
    table_properties: dict[str, str] = {}
    while not cursor.at_end:
        if cursor.accept("COMMENT"):
            parts["comment"] = cursor.string()
        elif cursor.accept("PARTITIONED", "BY"):
            partition_columns, transforms = _partitioned_by(cursor)
        elif cursor.accept("CLUSTERED", "BY"):
            raise not_supported("CLUSTERED BY: bucketed Hive tables")
        elif cursor.accept("ROW", "FORMAT", "SERDE"):
            parts["serde"] = cursor.string()
        elif cursor.accept("ROW", "FORMAT", "DELIMITED"):
            serde_properties |= _delimiters(cursor)
        elif cursor.accept("WITH", "SERDEPROPERTIES"):
            serde_properties |= properties(cursor)
        elif cursor.accept("STORED", "AS", "INPUTFORMAT"):
            parts["input_format"] = cursor.string()
            cursor.expect("OUTPUTFORMAT")
            parts["output_format"] = cursor.string()
        elif cursor.accept("STORED", "AS"):
            parts["format"] = cursor.name()
        elif cursor.accept("LOCATION"):
            parts["location"] = cursor.string()
        elif cursor.accept("TBLPROPERTIES"):
            table_properties = properties(cursor)
        else:
            raise cursor.mismatch("COMMENT", "PARTITIONED", "ROW", "STORED", "LOCATION", "TBLPROPERTIES")
    iceberg = table_properties.get("table_type", "").upper() == "ICEBERG"
    if external is iceberg:
        wrong = "not supported for table type ICEBERG" if iceberg else "required for table type HIVE"
        raise MalformedQueryError(f"External keyword {wrong}")
    wanted = ("comment", "serde", "format", "input_format", "output_format", "location")
    return CreateTable(
        text=text,
        name=name,
        external=external,
        if_not_exists=if_not_exists,
        columns=columns,
        partition_columns=partition_columns,
        partition_transforms=transforms,
        serde_properties=serde_properties,
        properties=table_properties,
        **{part: parts.get(part, "") for part in wanted},
    )


def drop(cursor: Cursor, text: str) -> Statement:
    """After DROP."""
    kind = cursor.next().word
    if kind not in ("TABLE", "VIEW", "DATABASE", "SCHEMA"):
        raise not_supported(f"DROP {kind}")
    if_exists = cursor.accept("IF", "EXISTS")
    statement: Statement
    if kind == "TABLE":
        statement = DropTable(text=text, name=table_name(cursor), if_exists=if_exists)
    elif kind == "VIEW":
        statement = DropView(text=text, name=table_name(cursor), if_exists=if_exists)
    else:
        database = cursor.dotted()[-1]
        cascade = cursor.accept("CASCADE")
        cursor.accept("RESTRICT")
        statement = DropDatabase(text=text, database=database, if_exists=if_exists, cascade=cascade)
    end(cursor)
    return statement


def alter(cursor: Cursor, text: str) -> Statement:
    """After ALTER."""
    if cursor.accept("DATABASE") or cursor.accept("SCHEMA"):
        database = cursor.name()
        cursor.expect("SET", "DBPROPERTIES")
        return AlterDatabase(text=text, database=database, properties=properties(cursor))
    cursor.expect("TABLE")
    name = table_name(cursor)
    statement = _alter_table(cursor, text, name)
    end(cursor)
    return statement


def _alter_table(cursor: Cursor, text: str, name: Name) -> Statement:
    if cursor.accept("ADD", "COLUMNS") or cursor.accept("ADD", "COLUMN"):
        columns = _columns(cursor) if cursor.token.text == "(" else [_column(cursor)]
        return AddColumns(text=text, name=name, columns=columns)
    if cursor.accept("REPLACE", "COLUMNS"):
        return ReplaceColumns(text=text, name=name, columns=_columns(cursor))
    if cursor.accept("CHANGE"):
        cursor.accept("COLUMN")
        old = cursor.name()
        column = _column(cursor)
        first = cursor.accept("FIRST")
        after = cursor.name() if cursor.accept("AFTER") else None
        return ChangeColumn(text=text, name=name, old=old, column=column, first=first, after=after)
    if cursor.accept("DROP", "COLUMN"):
        return DropColumn(text=text, name=name, column=cursor.name())
    if cursor.accept("RENAME", "TO"):
        return RenameTable(text=text, name=name, new=table_name(cursor))
    if cursor.accept("SET", "TBLPROPERTIES"):
        return SetProperties(text=text, name=name, properties=properties(cursor))
    if cursor.accept("UNSET", "TBLPROPERTIES"):
        return UnsetProperties(text=text, name=name, properties=_strings(cursor))
    partition = _partition(cursor) if cursor.accept("PARTITION") else {}
    if cursor.accept("SET", "LOCATION"):
        return SetLocation(text=text, name=name, partition=partition, location=cursor.string())
    if not partition and cursor.accept("ADD"):
        return _add_partitions(cursor, text, name)
    if not partition and cursor.accept("DROP"):
        return _drop_partitions(cursor, text, name)
    words = " ".join(token.text for token in cursor.tokens[2:] if token.kind == "word")
    raise not_supported(f"ALTER TABLE {words}")


def _add_partitions(cursor: Cursor, text: str, name: Name) -> AddPartitions:
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    partitions: list[tuple[dict[str, str], str | None]] = []
    while cursor.accept("PARTITION"):
        values = _partition(cursor)
        partitions.append((values, cursor.string() if cursor.accept("LOCATION") else None))
    if not partitions:
        raise cursor.mismatch("PARTITION")
    return AddPartitions(text=text, name=name, if_not_exists=if_not_exists, partitions=partitions)


def _drop_partitions(cursor: Cursor, text: str, name: Name) -> DropPartitions:
    if_exists = cursor.accept("IF", "EXISTS")
    partitions = []
    while cursor.accept("PARTITION"):
        partitions.append(_partition(cursor))
        cursor.accept(",")
    if not partitions:
        raise cursor.mismatch("PARTITION", "COLUMN")
    return DropPartitions(text=text, name=name, if_exists=if_exists, partitions=partitions)


def end(cursor: Cursor) -> None:
    """Nothing may follow."""
    if not cursor.at_end:
        raise cursor.mismatch("<EOF>")


def properties(cursor: Cursor) -> dict[str, str]:
    """`('name' = 'value', ...)`."""
    found: dict[str, str] = {}
    cursor.expect("(")
    while True:
        name = cursor.string()
        cursor.expect("=")
        found[name] = cursor.string()
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return found


def _strings(cursor: Cursor) -> list[str]:
    cursor.expect("(")
    found = [cursor.string()]
    while cursor.accept(","):
        found.append(cursor.string())
    cursor.expect(")")
    return found


def _delimiters(cursor: Cursor) -> dict[str, str]:
    found: dict[str, str] = {}
    while True:
        for words, name in _DELIMITERS.items():
            if cursor.accept(*words):
                found[name] = cursor.string()
                break
        else:
            return found


def _columns(cursor: Cursor) -> list[Column]:
    cursor.expect("(")
    columns = [_column(cursor)]
    while cursor.accept(","):
        columns.append(_column(cursor))
    cursor.expect(")")
    return columns


def _column(cursor: Cursor) -> Column:
    name = cursor.name()
    token = cursor.token
    written = cursor.skip_type()
    return _typed_column(cursor, name, written, token)


def _typed_column(cursor: Cursor, name: str, written: str, token: Token) -> Column:
    hive_type = "".join(written.lower().split())
    try:
        dt = type_names.parse_hive(hive_type)
        type_names.hive_name(dt)
    except ValueError as error:
        raise MalformedQueryError(
            f"mismatched input '{token.text}': {hive_type} is no type of Hive ({error})"
        ) from None
    comment = cursor.string() if cursor.accept("COMMENT") else ""
    return Column(name=name, type=dt, hive_type=hive_type, comment=comment)


def _partitioned_by(cursor: Cursor) -> tuple[list[Column], list[str]]:
    """Hive: columns with types. Iceberg: names and transforms of columns."""
    cursor.expect("(")
    columns: list[Column] = []
    transforms: list[str] = []
    while True:
        if cursor.peek(1).text in (",", ")"):
            transforms.append(cursor.name())
        elif cursor.peek(1).text == "(":
            start = cursor.token.start
            while not cursor.accept(")"):
                if cursor.at_end:
                    raise cursor.mismatch(")")
                cursor.next()
            transforms.append(cursor.text[start : cursor.token.start].strip())
        else:
            columns.append(_column(cursor))
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return columns, transforms


def _partition(cursor: Cursor) -> dict[str, str]:
    """`(day = '2024-01-01', hour = 3)` after PARTITION."""
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
