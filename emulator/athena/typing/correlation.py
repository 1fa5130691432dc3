"""Correlated subqueries and joins that Trino refuses although DuckDB runs them.

A statement that works in the emulator and fails in Athena costs more time than one that is refused at once.
Source: Trino's TestSubqueries and TestJoin.
"""

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from emulator.athena.runtime.errors import not_supported, position


def check_join(join: exp.Join) -> None:
    """Refuse an outer join with a LATERAL relation whose condition is not TRUE.

    Trino joins each row on its own: a RIGHT JOIN repeats the rows of the right side for every row of the left side.
    """
    side, condition = join.side.upper(), join.args.get("on")
    lateral = isinstance(join.this, exp.Lateral)
    if not lateral or side not in ("RIGHT", "FULL") or condition in (None, exp.true()):
        return
    if side == "FULL":
        message = "FULL JOIN involving LATERAL relation is only supported with condition ON TRUE"
        raise not_supported(f"{position(join)}: {message}")
    raise not_supported(f"{position(join)}: RIGHT JOIN LATERAL with a condition other than TRUE")


def check_scope(scope: Scope) -> None:
    """Refuse a subquery that refers to columns of the queries around it in a way that Trino lacks."""
    # A column without a table is in no query at all; the error about it is raised later.
    outer, select = [column for column in scope.external_columns if column.table], scope.expression
    if not outer or not isinstance(select, exp.Select):
        return
    join = _join_of(select)
    if join is not None and join.side:
        name = ".".join(part.name for part in outer[0].parts)
        raise not_supported(
            f"{position(outer[0])}: Reference to column '{name}' from outer scope not allowed in this context"
        )
    if _is_refused(select, outer, in_join=join is not None):
        raise not_supported(f"{position(select)}: Given correlated subquery is not supported")


def _join_of(select: exp.Expr) -> exp.Join | None:
    """Return the join whose condition has a subquery."""
    node: exp.Expr | None = select
    while node is not None and not isinstance(node.parent, exp.Select):
        if isinstance(node.parent, exp.Join) and node.arg_key == "on":
            return node.parent
        node = node.parent
    return None


def _is_refused(select: exp.Select, outer: list[exp.Column], *, in_join: bool) -> bool:
    group = select.args.get("group")
    if group is not None and group.find(exp.GroupingSets, exp.Cube, exp.Rollup):
        return True
    if any(isinstance(column.find_ancestor(exp.Window, exp.Select), exp.Window) for column in outer):
        return True
    if in_join and any(_is_selected(column, select) for column in outer):
        return True
    limited = select.args.get("limit") is not None or select.args.get("offset") is not None
    return limited and any(isinstance(column.parent, exp.LT | exp.LTE | exp.GT | exp.GTE | exp.NEQ) for column in outer)


def _is_selected(column: exp.Column, select: exp.Select) -> bool:
    return any(column is node for part in select.selects for node in part.walk())
