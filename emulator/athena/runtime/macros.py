"""The DuckDB macros of `macros.sql`, of which a connection gets those that its statement uses."""

import re
from functools import cache
from pathlib import Path

import duckdb

_CREATE = re.compile(r"^CREATE MACRO (trino_\w+)\(", re.MULTILINE)
_USE = re.compile(r"\btrino_\w+(?=\()")


def create(connection: duckdb.DuckDBPyConnection, *, sql: str, known: set[str]) -> None:
    """Create what the SQL uses and the connection lacks.

    Args:
        connection: where the SQL will run.
        sql: DuckDB SQL.
        known: names of the macros that the connection has; those that are created are added.
    """
    for name in _USE.findall(sql):
        if name not in known:
            known.add(name)
            definition = _definitions()[name]
            create(connection, sql=definition.partition("(")[2], known=known)
            connection.execute(definition)


@cache
def _definitions() -> dict[str, str]:
    text = Path(__file__).with_name("macros.sql").read_text()
    starts = list(_CREATE.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start[1]: text[start.start() : end] for start, end in zip(starts, ends, strict=True)}
