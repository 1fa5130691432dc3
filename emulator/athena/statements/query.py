"""SELECT and EXPLAIN; a result is a temporary table first, then a CSV file as Athena writes it."""

import shutil
from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from emulator.athena.binding import pushdown
from emulator.athena.binding.bind import Bound, bind
from emulator.athena.binding.relations import open_all
from emulator.athena.duckdb import render
from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import Columns, StatementResult
from emulator.athena.runtime.statements import Explain, Query


def prepare(run: Run, tree: exp.Expr) -> tuple[Bound, str]:
    """Bind a query, open its relations, and return it with its DuckDB SQL."""
    bound = bind(run, tree)
    open_all(run, bound.relations, conditions=pushdown.conditions(bound.tree))
    return bound, duckdb_sql(bound.tree)


def typed_select(run: Run, bound: Bound, sql: str) -> tuple[str, Columns]:
    """Return a SELECT of a query's columns in Trino's types, named `c0`, `c1` ..., and the columns with their types."""
    described = run.execute(f"DESCRIBE {sql}")
    _check_count(bound, described)
    columns: Columns = []
    casts = []
    for index, ((name, dt), row) in enumerate(zip(bound.columns, described, strict=True)):
        column = f"c{index}"
        inferred = dt if sql_types.is_known(dt) else type_names.parse_duckdb(row[1])
        columns.append((name, inferred))
        same = inferred.this is DType.NULL or type_names.duckdb_name(inferred).replace('"', "") == row[1].replace(
            '"', ""
        )
        casts.append(column if same else f"CAST({column} AS {type_names.duckdb_name(inferred)}) AS {column}")
    names = ", ".join(f"c{index}" for index in range(len(columns)))
    return f"SELECT {', '.join(casts)} FROM ({sql}) AS q({names})", columns


def materialize(run: Run, bound: Bound, sql: str) -> Columns:
    """Store the rows in the temporary table `result` in the query's order, and return its columns."""
    names = ", ".join(f"c{index}" for index in range(len(bound.columns)))
    run.execute(f"CREATE TEMP TABLE result({names}) AS {sql}")
    described = run.execute("DESCRIBE result")
    _check_count(bound, described)
    return [
        (name, dt if sql_types.is_known(dt) else type_names.parse_duckdb(row[1]))
        for (name, dt), row in zip(bound.columns, described, strict=True)
    ]


def _check_count(bound: Bound, described: list[tuple[Any, ...]]) -> None:
    """Refuse a query whose columns DuckDB sees otherwise than its types were inferred."""
    if len(bound.columns) != len(described):
        raise not_supported("the columns of this query's subqueries are not in the emulator's engine")


def write_csv(run: Run, columns: Columns, *, source: str) -> Path:
    """Write the rows of a table with the columns `c0`, `c1` ... as Athena's CSV."""
    body, result = run.folder / "body.csv", run.folder / "result.csv"
    texts = [
        f"{render.text(_cast(f'c{index}', dt), _display_type(dt))} AS c{index}" for index, (_, dt) in enumerate(columns)
    ]
    run.execute(
        f"COPY (SELECT {', '.join(texts)} FROM {source}) TO {sql_text.literal(str(body))} "
        "(FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '')"
    )
    with result.open("wb") as output, body.open("rb") as rows:
        output.write((",".join(sql_text.identifier(name) for name, _ in columns) + "\n").encode())
        shutil.copyfileobj(rows, output)
    return result


def _cast(column: str, dt: DataType) -> str:
    if dt.this in (DType.NULL, DType.JSON):  # json_array_get returns texts that are no JSON
        return f"CAST({column} AS VARCHAR)"
    return f"CAST({column} AS {type_names.duckdb_name(dt)})"


def _display_type(dt: DataType) -> DataType:
    """Return the type of a value in results, where times and timestamps have at least milliseconds."""
    if dt.this is DType.NULL:
        return sql_types.VARCHAR
    if dt.this in (DType.TIMESTAMP, DType.TIME) and sql_types.digits(dt) < 3:
        return sql_types.timestamp(3) if dt.this is DType.TIMESTAMP else sql_types.typed(DType.TIME, 3)
    if dt.this is DType.TIMESTAMPTZ and sql_types.digits(dt) < 3:
        return sql_types.timestamp_tz(3, zone=sql_types.zone(dt))
    return sql_types.named(dt)


def select(statement: Query, run: Run) -> StatementResult:
    """Run a query."""
    bound, sql = prepare(run, statement.tree)
    columns = materialize(run, bound, sql)
    return StatementResult(columns=columns, csv=write_csv(run, columns, source="result"))


def explain(statement: Explain, run: Run) -> StatementResult:
    """Run EXPLAIN; the plan is that of DuckDB."""
    _, sql = prepare(run, statement.tree)
    plan = run.execute(f"EXPLAIN {'ANALYZE ' if statement.analyze else ''}{sql}")
    lines = [line.rstrip() for _, text in plan for line in text.splitlines()]
    return StatementResult(columns=[("Query Plan", sql_types.VARCHAR)], lines=["Query Plan", *lines])
