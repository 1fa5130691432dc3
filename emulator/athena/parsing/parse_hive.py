"""CREATE and DROP of databases and tables, in Hive's DDL."""

from emulator.athena.parsing.clauses import column, columns, properties, table_name
from emulator.athena.parsing.cursor import Cursor
from emulator.athena.runtime.errors import MalformedQueryError, not_supported
from emulator.athena.runtime.statements import (
    Column,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropTable,
    DropView,
    Statement,
)

_DELIMITERS = {
    ("FIELDS", "TERMINATED", "BY"): "field.delim",
    ("ESCAPED", "BY"): "escape.delim",
    ("COLLECTION", "ITEMS", "TERMINATED", "BY"): "collection.delim",
    ("MAP", "KEYS", "TERMINATED", "BY"): "mapkey.delim",
    ("LINES", "TERMINATED", "BY"): "line.delim",
    ("NULL", "DEFINED", "AS"): "serialization.null.format",
}


def create_database(cursor: Cursor) -> CreateDatabase:
    """Read what follows CREATE DATABASE or CREATE SCHEMA."""
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
        text=cursor.text,
        database=database,
        if_not_exists=if_not_exists,
        comment=comment,
        location=location,
        properties=options,
    )


def create_table(cursor: Cursor, *, external: bool) -> CreateTable:
    """Read what follows CREATE [EXTERNAL] TABLE."""
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = table_name(cursor)
    table_columns = columns(cursor)
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
    names = ("comment", "serde", "format", "input_format", "output_format", "location")
    return CreateTable(
        text=cursor.text,
        name=name,
        external=external,
        if_not_exists=if_not_exists,
        columns=table_columns,
        partition_columns=partition_columns,
        partition_transforms=transforms,
        serde_properties=serde_properties,
        properties=table_properties,
        **{part: parts.get(part, "") for part in names},
    )


def drop(cursor: Cursor) -> Statement:
    """Read what follows DROP."""
    kind = cursor.next().word
    if kind not in ("TABLE", "VIEW", "DATABASE", "SCHEMA"):
        raise not_supported(f"DROP {kind}")
    if_exists = cursor.accept("IF", "EXISTS")
    statement: Statement
    if kind == "TABLE":
        statement = DropTable(text=cursor.text, name=table_name(cursor), if_exists=if_exists)
    elif kind == "VIEW":
        statement = DropView(text=cursor.text, name=table_name(cursor), if_exists=if_exists)
    else:
        database = cursor.dotted()[-1]
        cascade = cursor.accept("CASCADE")
        cursor.accept("RESTRICT")
        statement = DropDatabase(text=cursor.text, database=database, if_exists=if_exists, cascade=cascade)
    cursor.expect_end()
    return statement


def _delimiters(cursor: Cursor) -> dict[str, str]:
    options: dict[str, str] = {}
    while True:
        for words, name in _DELIMITERS.items():
            if cursor.accept(*words):
                options[name] = cursor.string()
                break
        else:
            return options


def _partitioned_by(cursor: Cursor) -> tuple[list[Column], list[str]]:
    """Read the columns with types of a Hive table, or the column names and transforms of an Iceberg table."""
    cursor.expect("(")
    keys: list[Column] = []
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
            keys.append(column(cursor))
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return keys, transforms
