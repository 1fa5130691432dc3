"""The table of functions for the kinds of statements."""

from emulator.athena.api.registry import HANDLERS
from emulator.athena.runtime import statements


def test_every_kind_of_statement_has_a_function() -> None:
    classes = [value for value in vars(statements).values() if isinstance(value, type)]
    kinds = {kind for kind in classes if issubclass(kind, statements.Statement)} - {statements.Statement}
    assert kinds - HANDLERS.keys() == {statements.Execute}  # replaced by its prepared statement
