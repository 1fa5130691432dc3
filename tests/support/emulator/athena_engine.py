"""Athena's engine without a server: queries without tables are parsed, typed, translated and run by DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from emulator.athena.api import results
from emulator.athena.parsing.parse import parse
from emulator.athena.runtime import type_names
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import Context, Run
from emulator.athena.runtime.statements import Query
from emulator.athena.statements import query
from tests.support.emulator.trino_values import Values


class NoTablesError(Exception):
    """The query reads a table."""


class NoQueryError(Exception):
    """The statement is no query."""


class _NoCloud:
    """A cloud that has nothing."""

    def __getattr__(self, name: str) -> Any:
        raise NoTablesError


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine of its own DuckDB database."""

    run: Run

    def evaluate(self, sql: str) -> tuple[Values, list[str]]:
        """Run a query and return its rows as Athena's texts, and its column types."""
        statement = parse(sql)
        if not isinstance(statement, Query):
            raise NoQueryError(type(statement).__name__)
        self.run.connection.execute("DROP TABLE IF EXISTS result")
        bound, translated = query.prepare(self.run, statement.tree)
        columns = query.materialize(self.run, bound, translated)
        body = query.write_csv(self.run, columns, source="result").read_bytes()
        rows: Values = []
        at = 0
        while at < len(body):
            row, at = results.csv_row(body, at, len(columns)) or ([], len(body))
            rows.append(tuple(row))
        return rows[1:], [type_names.trino_name(dt) for _, dt in columns]

    def values(self) -> list[tuple[Any, ...]]:
        """Return the rows of the last query as DuckDB's values."""
        return self.run.connection.execute("SELECT * FROM result").fetchall()


@contextmanager
def open_engine(folder: Path) -> Iterator[Engine]:
    """Yield an engine that keeps its temporary files in a folder."""
    nothing: Any = _NoCloud()
    context = Context(
        cloud=nothing,
        database="default",
        workgroup="primary",
        output="s3://-/",
        output_enforced=False,
        query_id="q",
        scratch=folder,
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield Engine(Run(context=context, connection=connection, files=nothing, scan=Scan(limit=None), folder=folder))
