"""What a MERGE's ON says of the target alone, and the range of keys in its source: files outside need not be read."""

from typing import Any

from pyiceberg import expressions
from pyiceberg.expressions import BooleanExpression
from sqlglot import exp

from emulator.athena.binding.pushdown import PRUNABLE, literal
from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.runtime import type_names
from emulator.athena.runtime.run import Run
from emulator.athena.typing.signature import type_of

ice: Any = expressions


def _conjuncts(tree: exp.Expr, alias: str) -> list[exp.Expr]:
    """Parts of the condition on which the query joins the table of this alias."""
    for join in tree.args.get("joins") or []:
        on = join.args.get("on")
        if join.alias_or_name == alias and on is not None:
            return list(on.flatten()) if isinstance(on, exp.And) else [on]
    return []


def conditions(tree: exp.Expr, alias: str) -> list[exp.Expr]:
    """Parts that read the table alone: rows for which they do not hold match nothing."""
    return [part for part in _conjuncts(tree, alias) if {c.table for c in part.find_all(exp.Column)} == {alias}]


def narrowed(run: Run, tree: exp.Expr, alias: str, wanted: BooleanExpression) -> BooleanExpression:
    """A filter of the table that also leaves out keys beyond the source's least and greatest."""
    source = tree.args["from_"].this
    if not isinstance(source, exp.Table):
        return wanted
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
        wanted = ice.And(wanted, ice.GreaterThanOrEqual(column.name, literal(least, kind)))
        wanted = ice.And(wanted, ice.LessThanOrEqual(column.name, literal(greatest, kind)))
    return wanted


def _key(part: exp.Expr, alias: str) -> tuple[exp.Column, exp.Expr] | None:
    """Column of the table and expression of the source that a part says are equal."""
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
