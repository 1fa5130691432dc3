"""Write DAX: names, constants, and conditions of SQL that select the same rows.

SQL has three truth values and DAX two, and DAX takes an empty value (BLANK) for 0, '' or FALSE. So a negation is moved
to the comparisons, and each comparison also asks that the value is not BLANK. What has no such form is refused.
"""

from collections.abc import Callable

from sqlglot import exp

from lakehouse.errors import LakehouseError

Column = Callable[[str], str]
"""Returns the DAX of a column by its name."""

_COMPARISONS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("==", "<>"),
    exp.NEQ: ("<>", "=="),
    exp.LT: ("<", ">="),
    exp.LTE: ("<=", ">"),
    exp.GT: (">", "<="),
    exp.GTE: (">=", "<"),
}
"""Operator of a comparison, and of its negation."""


def table_name(name: str) -> str:
    """Return a table's name as DAX writes it."""
    return "'" + name.replace("'", "''") + "'"


def member_name(name: str) -> str:
    """Return a column's or measure's name as DAX writes it."""
    return "[" + name.replace("]", "]]") + "]"


def text(value: str) -> str:
    """Return a text as a constant."""
    return '"' + value.replace('"', '""') + '"'


def condition(node: exp.Expr, column: Column, *, where: str, negated: bool = False) -> str:
    """Return a condition that is TRUE for exactly the rows that the SQL condition selects.

    Args:
        node: the condition.
        column: DAX of a column.
        where: place, for messages.
        negated: whether the rows are wanted for which the condition is false.

    Raises:
        LakehouseError: the condition has something that is not translated.
    """
    match node:
        case exp.Paren():
            return condition(node.this, column, where=where, negated=negated)
        case exp.Not():
            return condition(node.this, column, where=where, negated=not negated)
        case exp.And() | exp.Or():
            both = isinstance(node, exp.And) is not negated
            sides = [condition(side, column, where=where, negated=negated) for side in (node.left, node.right)]
            return f"({(' && ' if both else ' || ').join(sides)})"
        case exp.Boolean():
            return "TRUE()" if bool(node.this) is not negated else "FALSE()"
        case exp.Column():
            return f"{column(node.name)} == {'FALSE()' if negated else 'TRUE()'}"
        case exp.Is(expression=exp.Null()):
            return f"{'NOT ' if negated else ''}ISBLANK({_value(node.this, column, where)})"
        case exp.In() if node.expressions:
            found = _value(node.this, column, where)
            constants = [_constant(one, where) for one in node.expressions]
            listed = f"{found} IN {{{', '.join(constants)}}}"
            return f"(NOT ISBLANK({found}) && NOT ({listed}))" if negated else f"({listed})"
        case exp.Between():
            low, high = (_bound(node, key, column, where, negated) for key in ("low", "high"))
            return f"({low} {'||' if negated else '&&'} {high})"
    operators = _COMPARISONS.get(type(node))
    if operators is None:
        raise _refusal(node, where)
    left, right = node.this, node.expression
    values = [_value(side, column, where) for side in (left, right)]
    present = [f"NOT ISBLANK({one})" for side, one in zip((left, right), values, strict=True) if side.find(exp.Column)]
    return f"({' && '.join([*present, f'{values[0]} {operators[negated]} {values[1]}'])})"


def _bound(node: exp.Between, key: str, column: Column, where: str, negated: bool) -> str:
    kind = exp.GTE if key == "low" else exp.LTE
    return condition(kind(this=node.this, expression=node.args[key]), column, where=where, negated=negated)


def _value(node: exp.Expr, column: Column, where: str) -> str:
    if isinstance(node, exp.Paren):
        return _value(node.this, column, where)
    return column(node.name) if isinstance(node, exp.Column) else _constant(node, where)


def _constant(node: exp.Expr, where: str) -> str:
    match node:
        case exp.Literal():
            return text(node.name) if node.is_string else node.name
        case exp.Boolean():
            return "TRUE()" if node.this else "FALSE()"
        case exp.Neg(this=exp.Literal(is_string=False)):
            return f"-{node.this.name}"
        case exp.Cast(this=exp.Literal(is_string=True)) if node.is_type("date"):
            year, month, day = node.this.name.split("-")
            return f"DATE({int(year)}, {int(month)}, {int(day)})"
    raise _refusal(node, where)


def _refusal(node: exp.Expr, where: str) -> LakehouseError:
    return LakehouseError(
        f"{where}: {node.sql('athena')!r} has no equal in DAX here: use comparisons of columns with constants, IN, "
        "BETWEEN, IS NULL, AND, OR and NOT"
    )
