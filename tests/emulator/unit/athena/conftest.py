"""Evaluation of Trino expressions without a server: parsed, typed, translated and run by DuckDB."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from emulator.athena.api import results
from emulator.athena.parsing.parse import parse
from emulator.athena.runtime import type_names
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import Context, Run
from emulator.athena.runtime.statements import Query
from emulator.athena.statements import query
from tests.support.emulator.trino_values import Evaluate, Values


@pytest.fixture(scope="session")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluate]:
    """Yield a function that runs a query without tables and returns its rows as Athena's texts and its column types."""
    folder: Path = tmp_path_factory.mktemp("athena")
    nothing: Any = None
    context = Context(
        cloud=nothing,
        database="default",
        workgroup="primary",
        output="s3://-/",
        output_enforced=False,
        query_id="q",
        scratch=folder,
    )
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    run = Run(context=context, connection=connection, files=nothing, scan=Scan(limit=None), folder=folder)

    def run_query(sql: str) -> tuple[Values, list[str]]:
        statement = parse(sql)
        assert isinstance(statement, Query)
        connection.execute("DROP TABLE IF EXISTS result")
        bound, translated = query.prepare(run, statement.tree)
        columns = query.materialize(run, bound, translated)
        body = query.write_csv(run, columns, source="result").read_bytes()
        rows: Values = []
        at = 0
        while at < len(body):
            row, at = results.csv_row(body, at, len(columns)) or ([], len(body))
            rows.append(tuple(row))
        return rows[1:], [type_names.trino_name(dt) for _, dt in columns]

    yield run_query
    connection.close()
