"""Parse the SQL expressions of metrics with sqlglot, and refuse what is no expression of one row."""

from collections.abc import Callable

from sqlglot import exp, parse
from sqlglot.errors import ParseError, SqlglotError

from lakehouse.errors import LakehouseError

DIALECT = "athena"

_BANNED = (exp.Query, exp.AggFunc, exp.Window, exp.Placeholder, exp.Parameter, exp.Star, exp.Command)


def expression_of(text: str, *, where: str) -> exp.Expr:
    """Return the expression of a text, whose columns are names without a table.

    Raises:
        LakehouseError: it cannot be parsed, or is more than an expression of one row: it has a query, an aggregate, a
            window or a parameter in it.
    """
    try:
        # In parentheses on lines of their own: neither a comma nor a comment of the text can end them.
        statements = parse(f"SELECT (\n{text}\n)", dialect=DIALECT)
    except SqlglotError as error:
        reason = error.errors[0]["description"] if isinstance(error, ParseError) and error.errors else str(error)
        raise LakehouseError(f"{where}: {text!r} is no SQL expression: {reason}") from error
    select = statements[0]
    if (
        len(statements) != 1
        or not isinstance(select, exp.Select)
        or any(value for key, value in select.args.items() if key != "expressions")
        or len(select.selects) != 1
        or not isinstance(select.selects[0], exp.Paren)
    ):
        raise LakehouseError(f"{where}: {text!r} is not one SQL expression: write one expression, without a comma")
    inner: exp.Expr = select.selects[0].this
    wrong = next(inner.find_all(*_BANNED), None) or next(
        (column for column in inner.find_all(exp.Column) if len(column.parts) > 1), None
    )
    if wrong is not None:
        raise LakehouseError(
            f"{where}: {text!r} has {wrong.sql(DIALECT)!r}, which is not allowed: use names without a table, "
            "constants, operators and functions of one row"
        )
    return inner


def names_in(expression: exp.Expr) -> list[str]:
    """Return the names of the columns of an expression, each once."""
    return list(dict.fromkeys(column.name for column in expression.find_all(exp.Column)))


def replaced(expression: exp.Expr, replacement: Callable[[str], exp.Expr]) -> exp.Expr:
    """Return a copy of an expression in which each column is replaced by what belongs to its name, in parentheses."""

    def replace(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        new = replacement(node.name)
        return new if isinstance(new, exp.Column | exp.Literal) else exp.Paren(this=new)

    result: exp.Expr = expression.copy().transform(replace)
    return result
