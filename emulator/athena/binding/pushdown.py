"""Pruning: conditions of a query that decide which files of a table are read.

DuckDB itself skips columns, row groups and rows, but it does not know Iceberg's manifests and Glue's partitions.
Conditions that read only one table, in the WHERE of the query that reads it, are therefore evaluated on these first.
"""

from typing import Any

from pyiceberg import expressions
from pyiceberg.expressions import BooleanExpression
from sqlglot import exp
from sqlglot.expressions import DataType, DType
from sqlglot.optimizer.scope import Scope, traverse_scope

from emulator.athena.duckdb.generate import duckdb_sql
from emulator.athena.runtime import sql_types
from emulator.athena.runtime.run import Run
from emulator.athena.typing.signature import type_of

ice: Any = expressions  # mypy sees pydantic's constructors of these models
_COMPARISONS: dict[type[exp.Expr], Any] = {
    exp.EQ: ice.EqualTo,
    exp.LT: ice.LessThan,
    exp.LTE: ice.LessThanOrEqual,
    exp.GT: ice.GreaterThan,
    exp.GTE: ice.GreaterThanOrEqual,
}
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}
PRUNABLE = {*sql_types.INTEGERS, DType.VARCHAR, DType.DATE, DType.TIMESTAMP, DType.TIMESTAMPTZ, DType.DECIMAL}
_VOLATILE = {"rand", "random", "uuid"}


def conditions(tree: exp.Expr) -> dict[str, list[exp.Expr]]:
    """Return the conditions of a qualified and typed tree by the name of the relation that they read.

    A relation that an outer join may fill with NULLs has none.
    """
    by_relation: dict[str, list[exp.Expr]] = {}
    for scope in traverse_scope(tree):
        where = scope.expression.args.get("where") if isinstance(scope.expression, exp.Select) else None
        if where is None:
            continue
        sources = {alias: source for alias, (_, source) in scope.selected_sources.items()}
        optional = _optional(scope)
        for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
            aliases = {column.table for column in condition.find_all(exp.Column)}
            source = sources.get(next(iter(aliases), ""))
            if (
                len(aliases) == 1
                and isinstance(source, exp.Table)
                and not aliases & optional
                and _is_deterministic(condition)
            ):
                by_relation.setdefault(source.name, []).append(condition)
    return by_relation


def _is_deterministic(condition: exp.Expr) -> bool:
    """Return whether a condition always has the same value for a row and contains no other query."""
    volatile = any(call.name.lower() in _VOLATILE for call in condition.find_all(exp.Anonymous))
    return not volatile and condition.find(exp.Query, exp.Window, exp.Pseudocolumn) is None


def _optional(scope: Scope) -> set[str]:
    """Return the aliases of the tables that an outer join may fill with NULLs."""
    joins = scope.expression.args.get("joins") or []
    if any(join.side in ("RIGHT", "FULL") for join in joins):
        return set(scope.selected_sources)
    return {join.alias_or_name for join in joins if join.side == "LEFT"}


def iceberg_filter(run: Run, conditions: list[exp.Expr]) -> BooleanExpression:
    """Return one expression of the conditions that PyIceberg can evaluate on partitions and statistics."""
    result: BooleanExpression = ice.AlwaysTrue()
    for condition in conditions:
        result = ice.And(result, _convert(run, condition))
    return result


def _convert(run: Run, condition: exp.Expr) -> Any:
    """Return a condition for PyIceberg, or true if PyIceberg has no equivalent."""
    match condition:
        case exp.Paren():
            return _convert(run, condition.this)
        case exp.And():
            return ice.And(_convert(run, condition.left), _convert(run, condition.right))
        case exp.Or():
            return ice.Or(_convert(run, condition.left), _convert(run, condition.right))
        case exp.Between(this=exp.Column() as column):
            low, high = (_value(run, column, condition.args[side]) for side in ("low", "high"))
            if low is None or high is None:
                return ice.AlwaysTrue()
            return ice.And(ice.GreaterThanOrEqual(column.name, low), ice.LessThanOrEqual(column.name, high))
        case exp.In(this=exp.Column() as column) if condition.expressions:
            values = [_value(run, column, part) for part in condition.expressions]
            return ice.AlwaysTrue() if None in values else ice.In(column.name, values)
        case exp.Is(this=exp.Column() as column, expression=exp.Null()):
            return ice.IsNull(column.name)
        case exp.Binary():
            return _comparison(run, condition)
    return ice.AlwaysTrue()


def _comparison(run: Run, condition: exp.Binary) -> Any:
    kind: type[exp.Expr] = type(condition)
    if kind not in _COMPARISONS:
        return ice.AlwaysTrue()
    column, other = condition.left, condition.right
    if not isinstance(column, exp.Column):
        column, other, kind = other, column, _MIRRORED[kind]
    value = _value(run, column, other) if isinstance(column, exp.Column) else None
    return ice.AlwaysTrue() if value is None else _COMPARISONS[kind](column.name, value)


def _value(run: Run, column: exp.Column, node: exp.Expr) -> Any:
    """Return the value of an expression without columns if it has the type of the column, else None."""
    kind, value_kind = type_of(column).this, type_of(node).this
    same = kind is value_kind or (kind in sql_types.INTEGERS and value_kind in sql_types.INTEGERS)
    if kind not in PRUNABLE or not same or node.find(exp.Column):
        return None
    value = run.execute(f"SELECT {duckdb_sql(node.copy())}")[0][0]
    return None if value is None else iceberg_literal(value, type_of(column))


def iceberg_literal(value: Any, dt: DataType) -> Any:
    """Return a value as a literal of PyIceberg's expressions."""
    return value.isoformat() if dt.this in sql_types.TIMES else value


def partition_filter(conditions: list[exp.Expr], keys: set[str]) -> str:
    """Return the conditions that read only these columns, as DuckDB SQL."""
    parts = []
    for condition in conditions:
        if {column.name for column in condition.find_all(exp.Column)} <= keys:
            bare = condition.copy()
            for column in bare.find_all(exp.Column):
                column.set("table", None)
            parts.append(f"({duckdb_sql(bare)})")
    return " AND ".join(parts) or "true"
