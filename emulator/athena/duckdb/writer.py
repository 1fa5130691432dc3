"""The methods of the SQL generator that functions use."""

from typing import Protocol

from sqlglot import exp


class SqlWriter(Protocol):
    """The methods of the SQL generator that these functions use."""

    def sql(self, expression: exp.Expr, /) -> str:
        """Return the SQL of an expression."""

    def local(self, node: exp.Expr) -> str:
        """Return the SQL of the wall clock of a date or timestamp."""

    def instant(self, node: exp.Expr) -> str:
        """Return the SQL of the point in time of a timestamp."""

    def inline(self, function: exp.Lambda, arguments: list[str]) -> str:
        """Return the SQL of a lambda's body with SQL in place of its parameters."""
