"""The DuckDB macros of `macros.sql` and functions of `json_text`; a connection gets those that its statement uses."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from emulator.athena.runtime import json_text

_CREATE = re.compile(r"^CREATE MACRO (trino_\w+)\(", re.MULTILINE)
_USE = re.compile(r"\btrino_\w+(?=\()")


def create(connection: duckdb.DuckDBPyConnection, *, sql: str, existing: set[str]) -> None:
    """Create the macros and functions that the SQL uses and the connection lacks.

    Args:
        connection: the connection that will run the SQL.
        sql: DuckDB SQL.
        existing: names of the macros of the connection; new ones are added to it.
    """
    for name in _USE.findall(sql):
        if name not in existing:
            existing.add(name)
            if name in json_text.SQL_FUNCTIONS:
                function, count = json_text.SQL_FUNCTIONS[name]
                types: Any = ["VARCHAR"] * count
                special: Any = "special"  # the stubs know the enumeration alone
                connection.create_function(name, function, types, "VARCHAR", null_handling=special)
                continue
            definition = _definitions()[name]
            create(connection, sql=definition.partition("(")[2], existing=existing)
            connection.execute(definition)


@cache
def _definitions() -> dict[str, str]:
    text = Path(__file__).with_name("macros.sql").read_text()
    starts = list(_CREATE.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start[1]: text[start.start() : end] for start, end in zip(starts, ends, strict=True)}
