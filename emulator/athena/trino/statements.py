"""The statements that Trino runs: queries, changes of rows, and the queries of new tables and views.

The rest (Hive's DDL, SHOW, OPTIMIZE ...) is Athena's own, and the emulator's handlers run it with either engine.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlglot.errors import ParseError

from emulator.athena.parsing import parse_query
from emulator.athena.runtime import sql_text, type_names
from emulator.athena.runtime.errors import AthenaError, MalformedQueryError, not_supported
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import ROWS, Columns, StatementResult
from emulator.athena.runtime.statements import (
    CreateTableAs,
    CreateView,
    Delete,
    Explain,
    Insert,
    Merge,
    Query,
    Statement,
    Unload,
    Update,
)
from emulator.athena.statements import create_view, ctas, query
from emulator.athena.trino import callers, texts
from emulator.athena.trino.client import TrinoStatement, after_first_line


def read(sql: str) -> exp.Expr:
    """Return a tree that is the text of a query, which only Trino reads."""
    return exp.var(sql)


def check(url: str, statement: Statement) -> None:
    """Check the syntax of a statement that Trino runs.

    Raises:
        MalformedQueryError: Trino's parser refuses it.
    """
    match statement:
        case CreateTableAs() | CreateView():
            sql = statement.tree.name
        case Query() | Explain() | Insert() | Update() | Delete() | Merge():
            sql = statement.text
        case _:
            return
    try:
        with after_first_line():
            list(TrinoStatement(url, Scan(limit=None)).pages(f"PREPARE checked FROM\n{sql}", database="default"))
    except AthenaError as error:
        if error.code == "SYNTAX_ERROR":
            raise MalformedQueryError(str(error).removeprefix("SYNTAX_ERROR: ")) from None


def select(statement: Query, run: Run) -> StatementResult:
    """Run a query; the emulator's own engine shows of `information_schema` what the caller may see."""
    if "information_schema" in statement.text.lower():
        return query.select(Query(text=statement.text, tree=parse_query.query(statement.text)), run)
    callers.check_reads(run, statement.tree.name)
    asked = _statement(run)
    pages = _pages(run, asked, statement.tree.name)
    first = next(pages, [])
    columns = _columns(asked)
    path = run.folder / "result.csv"
    _write(path, columns, itertools.chain([first], pages))
    return StatementResult(columns=columns, csv=path)


def explain(statement: Explain, run: Run) -> StatementResult:
    """Run EXPLAIN; the plan is Trino's."""
    callers.check_reads(run, statement.tree.name)
    pages = _pages(run, _statement(run), statement.text)
    lines = [line.rstrip() for page in pages for (text,) in page for line in text.splitlines()]
    column = ("Query Plan", type_names.parse_trino("varchar"))
    return StatementResult(columns=[column], lines=["Query Plan", *lines])


def change(statement: Insert | Update | Delete | Merge, run: Run) -> StatementResult:
    """Run INSERT, UPDATE, DELETE or MERGE."""
    callers.check_writes(run, statement)
    return StatementResult(columns=ROWS, update_count=_change(run, statement.text))


def create_table_as(statement: CreateTableAs, run: Run) -> StatementResult:
    """Run CREATE TABLE AS SELECT: create the table as Athena does, then let Trino insert the rows."""
    if ctas.is_there(statement, run):
        return StatementResult(columns=ROWS, update_count=0)
    source = statement.tree.name
    callers.check_reads(run, source)
    columns = _output(run, source)
    nothing = ", ".join(f"CAST(NULL AS {type_names.duckdb_name(dt)}) AS c{i}" for i, (_, dt) in enumerate(columns))
    ctas.create(statement, run, f"SELECT * FROM (SELECT {nothing}) WHERE false", columns)
    if not statement.with_data:
        return StatementResult(columns=ROWS, update_count=0)
    database, table = statement.name.database or run.context.database, statement.name.table
    try:
        with after_first_line():
            count = _change(run, f"INSERT INTO {sql_text.identifier(database)}.{sql_text.identifier(table)}\n{source}")
    except BaseException:
        run.cloud.glue.delete_table(DatabaseName=database, Name=table)
        raise
    return StatementResult(columns=ROWS, update_count=count)


def view(statement: CreateView, run: Run) -> StatementResult:
    """Run CREATE VIEW: Trino reads the query, Glue gets the view in Athena's format."""
    callers.check_reads(run, statement.tree.name)

    def output() -> Columns:
        with after_first_line():
            _change(run, f"EXPLAIN (TYPE VALIDATE)\n{statement.text}")  # a view of itself
        return _output(run, statement.tree.name)

    return create_view.store(statement, run, output)


def unload(statement: Unload, run: Run) -> StatementResult:
    """Refuse UNLOAD, which Trino does not have."""
    raise not_supported("UNLOAD is not in the Trino engine; start the emulator's own with `--athena duckdb`")


def _statement(run: Run) -> TrinoStatement:
    assert run.context.trino is not None
    return TrinoStatement(run.context.trino, run.scan)


def _pages(run: Run, asked: TrinoStatement, sql: str) -> Iterator[list[list[Any]]]:
    return asked.pages(sql, database=run.context.database, values=run.context.parameters)


def _change(run: Run, sql: str) -> int:
    asked = _statement(run)
    for _ in _pages(run, asked, sql):
        pass
    return asked.update_count or 0


def _output(run: Run, sql: str) -> Columns:
    """Return the columns of a query."""
    asked = _statement(run)
    with after_first_line():
        list(_pages(run, asked, f"SELECT * FROM (\n{sql}\n) LIMIT 0"))
    return _columns(asked)


def _columns(asked: TrinoStatement) -> Columns:
    try:
        return [(name, type_names.parse_trino(dt)) for name, dt in asked.columns]
    except (ParseError, ValueError) as error:
        raise not_supported(f"a column of the type {', '.join(t for _, t in asked.columns)}") from error


def _write(path: Path, columns: Columns, pages: Iterable[list[list[Any]]]) -> None:
    """Write rows as Athena's CSV."""
    types = [dt for _, dt in columns]
    with path.open("w", encoding="utf-8", newline="") as output:
        output.write(",".join(sql_text.identifier(name) for name, _ in columns) + "\n")
        for row in itertools.chain.from_iterable(pages):
            found = (texts.text(value, dt) for value, dt in zip(row, types, strict=True))
            output.write(",".join("" if text is None else sql_text.identifier(text) for text in found) + "\n")
