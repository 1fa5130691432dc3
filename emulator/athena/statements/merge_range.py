"""Pruning for MERGE: files of the target are read only if their keys are in the range of the source's keys."""

from typing import Any

from pyiceberg import expressions
from pyiceberg.expressions import BooleanExpression
from sqlglot import exp

from emulator.athena.binding.pushdown import PRUNABLE, iceberg_literal
from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.runtime import type_names
from emulator.athena.runtime.run import Run
from emulator.athena.typing.signature import type_of

ice: Any = expressions


def _conjuncts(tree: exp.Expr, alias: str) -> list[exp.Expr]:
    """Return the parts of the condition of the join with the table of this alias."""
    for join in tree.args.get("joins") or []:
        on = join.args.get("on")
        if join.alias_or_name == alias and on is not None:
            return list(on.flatten()) if isinstance(on, exp.And) else [on]
    return []


def conditions(tree: exp.Expr, alias: str) -> list[exp.Expr]:
    """Return the parts of the condition that read only the table: rows that do not meet them match nothing."""
    return [part for part in _conjuncts(tree, alias) if {c.table for c in part.find_all(exp.Column)} == {alias}]


def narrow(run: Run, tree: exp.Expr, alias: str, row_filter: BooleanExpression) -> BooleanExpression:
    """Return a filter of the table that also excludes keys outside the range of the source's keys."""
    source = tree.args["from_"].this
    if not isinstance(source, exp.Table):
        return row_filter
    for part in _conjuncts(tree, alias):
        key = _key(part, alias)
        if key is None:
            continue
        column, value = key
        sql = duckdb_sql(value)
        least, greatest = run.execute(f"SELECT min({sql}), max({sql}) FROM {duckdb_sql(source)}")[0]
        if least is None:
            return ice.AlwaysFalse()  # type: ignore[no-any-return]
        kind = type_of(column)
        row_filter = ice.And(row_filter, ice.GreaterThanOrEqual(column.name, iceberg_literal(least, kind)))
        row_filter = ice.And(row_filter, ice.LessThanOrEqual(column.name, iceberg_literal(greatest, kind)))
    return row_filter


def _key(part: exp.Expr, alias: str) -> tuple[exp.Column, exp.Expr] | None:
    """Return the table's column and the source's expression that a condition compares for equality, or None."""
    if not isinstance(part, exp.EQ):
        return None
    for column, value in ((part.left, part.right), (part.right, part.left)):
        if not isinstance(column, exp.Column) or column.table != alias or type_of(column).this not in PRUNABLE:
            continue
        tables = {c.table for c in value.find_all(exp.Column)}
        same = type_names.trino_name(type_of(column)) == type_names.trino_name(type_of(value))
        if tables and alias not in tables and same and value.find(exp.Query) is None:
            return column, value
    return None
