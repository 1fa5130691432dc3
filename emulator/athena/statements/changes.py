"""UPDATE, DELETE and MERGE of Iceberg tables by copy on write: data files with changed rows are replaced.

A statement becomes a query whose rows are the changes. A change has the file and the row number of the changed row
(`p`, `r`; NULL for a new row), the number of the case that applies (`op`), and the values that each case assigns
(`a0_2` is the value of case 0 for column 2). The files of the changes are written again with the changes, and one
snapshot replaces the old files by the new ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import BooleanExpression
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from sqlglot import exp
from sqlglot.expressions import DataType

from emulator.athena.binding import pushdown
from emulator.athena.binding.bind import Bound, bind
from emulator.athena.binding.relations import open_all
from emulator.athena.duckdb import casts
from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.runtime import sql_text, type_names
from emulator.athena.runtime.errors import AthenaError, not_supported
from emulator.athena.runtime.run import Run
from emulator.athena.runtime.statement_result import ROWS, StatementResult
from emulator.athena.runtime.statements import Name
from emulator.athena.statements import merge_range
from emulator.athena.tables import access, catalog, iceberg_scan, iceberg_write
from emulator.athena.tables.iceberg_scan import FILE_ROW, PATH
from emulator.athena.tables.replace_files import replace_files
from emulator.athena.typing import coercion

NO_CASE = -1
_NEEDED = {"INSERT": {"insert", "update"}, "DELETE": {"delete", "update"}}
"""For permissions of Lake Formation: the kinds of cases that need them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case of a statement, such as a WHEN clause of MERGE.

    Attributes:
        kind: `update`, `delete` or `insert`.
        condition: condition of the case, or None if it always applies.
        values: assigned values by lower-case column name.
    """

    kind: str
    condition: exp.Expr | None
    values: dict[str, exp.Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The changes of a statement.

    Attributes:
        verb: `UPDATE`, `DELETE` or `MERGE`, for messages.
        alias: alias of the table in the query.
        query: FROM and WHERE of the changes, without a SELECT list.
        cases: the cases in their order; the first that applies to a row is used.
    """

    verb: str
    alias: str
    query: exp.Select
    cases: list[Case]


def apply(run: Run, name: Name, make_plan: Callable[[Schema], Plan]) -> StatementResult:
    """Change a table.

    Args:
        run: the statement's run.
        name: name of the table.
        make_plan: returns the plan for the table's schema.

    Raises:
        AthenaError: the table is not an Iceberg table, the statement does not fit it, or all commits met conflicts.
    """
    database = name.database or run.context.database
    table = catalog.get_table(run.cloud, database, name.table)
    if catalog.is_view(table) or not catalog.is_iceberg(table):
        raise not_supported("Modifying Hive table rows is only supported for transactional tables")
    loaded = run.cloud.catalog.load_table((database, name.table))
    kinds = {case.kind for case in make_plan(loaded.schema()).cases}
    needed = [permission for permission, of in _NEEDED.items() if kinds & of]
    access.require(run.cloud, table, "SELECT", *needed, *access.COMMIT)
    return iceberg_write.retry_commit(run, (database, name.table), lambda loaded: _attempt(run, loaded, make_plan))


def _attempt(run: Run, table: Table, make_plan: Callable[[Schema], Plan]) -> StatementResult:
    schema = table.schema()
    plan = make_plan(schema)
    bound = bind(run, _changes_query(plan, schema), internal=True)
    types = dict(bound.columns)
    _check_types(plan, schema, types)
    tasks = _open(run, table, plan, bound)
    run.execute(f"CREATE OR REPLACE TEMP TABLE changes AS {duckdb_sql(bound.tree)}")
    _check_matches(run)
    ((rows,),) = run.execute("SELECT count(*) FROM changes WHERE op >= 0")
    if rows:
        paths = run.execute("SELECT DISTINCT p FROM changes WHERE op >= 0 AND p IS NOT NULL")
        _rewrite(run, table, plan, [tasks[path] for (path,) in paths], types=types)
    return StatementResult(columns=ROWS, update_count=rows, files=[])


def _changes_query(plan: Plan, schema: Schema) -> exp.Select:
    """Return the query of the changes, with file, row, case and values as columns."""
    path = exp.column(exp.to_identifier(PATH, quoted=True), table=plan.alias)
    row = exp.column(exp.to_identifier(FILE_ROW, quoted=True), table=plan.alias)
    tests = [_test(plan, case, path) for case in plan.cases]
    op = exp.Case(
        ifs=[exp.If(this=test.copy(), true=exp.Literal.number(i)) for i, test in enumerate(tests)],
        default=exp.Neg(this=exp.Literal.number(-NO_CASE)),
    )
    columns = [exp.alias_(path, "p"), exp.alias_(row, "r"), exp.alias_(op, "op")]
    names = [field.name.lower() for field in schema.fields]
    for index, case in enumerate(plan.cases):
        for name, value in case.values.items():
            if name not in names:
                raise AthenaError(
                    "COLUMN_NOT_FOUND", f"line 1:1: {plan.verb} column does not exist in the target table: {name}"
                )
            earlier = [exp.If(this=test.copy(), true=exp.Null()) for test in tests[:index]]
            assigned = exp.Case(ifs=[*earlier, exp.If(this=tests[index].copy(), true=value.copy())])
            columns.append(exp.alias_(assigned, f"a{index}_{names.index(name)}"))
    return plan.query.select(*columns, append=False)


def _test(plan: Plan, case: Case, path: exp.Column) -> exp.Expr:
    """Return the condition under which a case applies to a row, without regard to the cases before it."""
    matched: exp.Expr = exp.Not(this=exp.Is(this=path.copy(), expression=exp.Null()))
    if case.kind == "insert":
        matched = exp.Is(this=path.copy(), expression=exp.Null())
    return matched if case.condition is None else exp.And(this=matched, expression=exp.paren(case.condition))


def _check_types(plan: Plan, schema: Schema, change_types: dict[str, DataType]) -> None:
    types = iceberg_scan.columns(schema)
    for index, case in enumerate(plan.cases):
        for name in case.values:
            column_type = types[name]
            value_type = change_types[f"a{index}_{list(types).index(name)}"]
            if not coercion.assignable(value_type, column_type):
                expected, actual = type_names.trino_name(column_type), type_names.trino_name(value_type)
                raise AthenaError(
                    "TYPE_MISMATCH",
                    f"line 1:1: {plan.verb} table column types don't match SET expressions: "
                    f"Table: [{expected}], Expressions: [{actual}]",
                )


def _open(run: Run, table: Table, plan: Plan, bound: Bound) -> dict[str, FileScanTask]:
    """Open the relations of the query, and return the files of the table that may contain changed rows, by path."""
    target = next(t for t in bound.tree.find_all(exp.Table) if t.alias == plan.alias)
    others = {name: relation for name, relation in bound.relations.items() if name != target.name}
    conditions = pushdown.conditions(bound.tree)
    open_all(run, others, conditions=conditions)
    row_filter: BooleanExpression = pushdown.iceberg_filter(
        run, [*conditions.get(target.name, []), *merge_range.conditions(bound.tree, plan.alias)]
    )
    row_filter = merge_range.narrow(run, bound.tree, plan.alias, row_filter)
    tasks = iceberg_scan.plan(table, snapshot_id=None, row_filter=row_filter)
    rows = iceberg_scan.relation_sql(run, table, schema=table.schema(), tasks=tasks)
    run.execute(f"CREATE OR REPLACE TEMP VIEW {sql_text.identifier(target.name)} AS {rows}")
    return {task.file.file_path: task for task in tasks}


def _check_matches(run: Run) -> None:
    """Raise if several source rows change one row of the target, as Trino does."""
    conflicts = run.execute(
        "SELECT 1 FROM changes WHERE p IS NOT NULL GROUP BY p, r "
        "HAVING count(*) FILTER (op >= 0) > 1 OR count(*) FILTER (op < 0) > 1 LIMIT 1"
    )
    if conflicts:
        raise AthenaError(
            "MERGE_TARGET_ROW_MULTIPLE_MATCHES", "One MERGE target table row matched more than one source row"
        )


def _rewrite(run: Run, table: Table, plan: Plan, tasks: list[FileScanTask], *, types: dict[str, DataType]) -> None:
    schema = table.schema()
    source = iceberg_scan.relation_sql(run, table, schema=schema, tasks=tasks)
    path, row = sql_text.identifier(PATH), sql_text.identifier(FILE_ROW)
    changed = "(SELECT * FROM changes WHERE op >= 0 AND p IS NOT NULL)"
    deletes = ", ".join(str(i) for i, case in enumerate(plan.cases) if case.kind == "delete") or "-2"
    rewritten = iceberg_write.table_select(
        schema,
        _assigned(plan, schema, types, with_old_row=True),
        source=f"({source}) AS t LEFT JOIN {changed} AS c ON t.{path} = c.p AND t.{row} = c.r "
        f"WHERE c.op IS NULL OR c.op NOT IN ({deletes})",
    )
    inserted = iceberg_write.table_select(
        schema, _assigned(plan, schema, types, with_old_row=False), source="changes AS c WHERE op >= 0 AND p IS NULL"
    )
    files = iceberg_write.write_files(run, f"{rewritten} UNION ALL {inserted}", metadata=table.metadata, io=table.io)
    try:
        run.scan.check()
        replace_files(table, old=[task.file for task in tasks], new=files)
    except (CommitFailedException, ValidationException):
        iceberg_write.delete_files(run, files)
        raise


def _assigned(plan: Plan, schema: Schema, types: dict[str, DataType], *, with_old_row: bool) -> dict[str, str]:
    """Return the SQL of each column's value: that of the row's case, else that of the old row, or NULL without one."""
    values = {}
    for position, (name, column_type) in enumerate(iceberg_scan.columns(schema).items()):
        assignments = {index: f"a{index}_{position}" for index, case in enumerate(plan.cases) if name in case.values}
        branches = " ".join(
            f"WHEN {index} THEN {casts.assign(f'c.{value}', source=types[value], target=column_type)}"
            for index, value in assignments.items()
        )
        rest = f"t.{sql_text.identifier(name)}" if with_old_row else "NULL"
        values[name] = f"CASE c.op {branches} ELSE {rest} END" if branches else rest
    return values
