"""Checks of a qualified query that Trino makes and DuckDB does not, or only with other messages."""

from sqlglot import exp
from sqlglot.expressions import DataType
from sqlglot.optimizer.scope import traverse_scope

from emulator.athena.runtime.errors import AthenaError, position
from emulator.athena.typing import correlation

UNRESOLVED = "cannot be resolved or requester is not authorized to access requested resources"


def check(tree: exp.Expr, *, schema: dict[str, dict[str, DataType]]) -> None:
    """Check a qualified query.

    Args:
        tree: the qualified query.
        schema: column types by table name.

    Raises:
        AthenaError: a column is unknown or ambiguous, or a clause does not fit, with the message of Trino's analyzer.
    """
    for operation in tree.find_all(exp.SetOperation):
        _check_widths(operation)
    for values in tree.find_all(exp.Values):
        if len({len(row.expressions) for row in values.expressions}) > 1:
            raise AthenaError("TYPE_MISMATCH", f"{position(values)}: Values rows have mismatched sizes")
    for column in tree.find_all(exp.Column):
        if column.args.get("db") is not None:
            raise column_not_found(column)
    for join in tree.find_all(exp.Join):
        correlation.check_join(join)
    for scope in traverse_scope(tree):
        if not isinstance(scope.expression, exp.Select):
            continue
        correlation.check_scope(scope)
        _check_order(scope.expression)
        for column in scope.unqualified_columns:
            sources = [source for source in scope.sources.values() if isinstance(source, exp.Table)]
            raise _not_found_or_ambiguous(column, sources, schema)
        if scope.external_columns and not scope.is_correlated_subquery:
            raise column_not_found(scope.external_columns[0])
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and column.name not in schema.get(source.name, {column.name: None}):
                raise column_not_found(column)


def _not_found_or_ambiguous(
    column: exp.Column, sources: list[exp.Table], schema: dict[str, dict[str, DataType]]
) -> AthenaError:
    if sum(column.name in schema.get(source.name, {}) for source in sources) > 1:
        return AthenaError("AMBIGUOUS_NAME", f"{position(column)}: Column '{column.name}' is ambiguous")
    return column_not_found(column)


def column_not_found(column: exp.Column) -> AthenaError:
    """Return the error of a column that does not exist or that Lake Formation hides; Athena tells no difference."""
    name = ".".join(part.name for part in column.parts)
    return AthenaError("COLUMN_NOT_FOUND", f"{position(column)}: Column '{name}' {UNRESOLVED}")


def _check_widths(operation: exp.SetOperation) -> None:
    left, right = (
        len(side.selects) if isinstance(side, exp.Query) and not side.is_star else None
        for side in (operation.left.unnest(), operation.right.unnest())
    )
    if None not in (left, right) and left != right:
        kind = operation.key.upper()
        raise AthenaError(
            "TYPE_MISMATCH", f"{position(operation)}: {kind} query has different number of fields: {left}, {right}"
        )


def _check_order(select: exp.Select) -> None:
    """Raise if a SELECT DISTINCT is ordered by an expression that it does not select."""
    order = select.args.get("order")
    if not select.args.get("distinct") or order is None:
        return
    selected = {part.alias_or_name for part in select.selects} | {
        part.unalias().unnest().sql() for part in select.selects
    }
    for ordered in order.expressions:
        key = ordered.this.unnest()
        if not (isinstance(key, exp.Literal) or key.sql() in selected or key.name in selected):
            raise AthenaError(
                "EXPRESSION_NOT_IN_DISTINCT",
                f"{position(key)}: For SELECT DISTINCT, ORDER BY expressions must appear in select list",
            )
