"""A query whose tables are relations, qualified and typed."""

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.expressions import DataType
from sqlglot.optimizer.qualify import qualify

from emulator.athena.parsing.dialect import AthenaSql
from emulator.athena.parsing.normalize import normalize
from emulator.athena.runtime.errors import AthenaError
from emulator.athena.typing.checks import check, column_not_found
from emulator.athena.typing.infer import annotate


def typed(tree: exp.Expr, *, schema: dict[str, dict[str, DataType]]) -> exp.Expr:
    """Return a tree, whose tables are relations, qualified and typed.

    Raises:
        AthenaError: a column is unknown or ambiguous, or types do not fit.
    """
    normalize(tree)
    original = tree.copy()
    try:
        tree = qualify(
            tree,
            schema=dict(schema),
            dialect=AthenaSql,
            expand_alias_refs=False,
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
    except OptimizeError as error:
        raise _unresolved(original, str(error)) from None
    check(tree, schema=schema)
    return annotate(tree, schema=schema)


def _unresolved(tree: exp.Expr, message: str) -> AthenaError:
    """Return the error for a name that sqlglot could not resolve, with the position that its message lacks."""
    name = message.rpartition(" ")[2].strip("'\".")
    for column in tree.find_all(exp.Column):
        if name in (column.name.lower(), column.table.lower()):
            return column_not_found(column)
    return AthenaError("SYNTAX_ERROR", f"line 1:1: {message}")
