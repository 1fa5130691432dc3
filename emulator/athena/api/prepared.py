"""PREPARE, EXECUTE and DEALLOCATE PREPARE, on the prepared statements of Athena's API."""

import dataclasses
from collections.abc import Callable

from emulator.athena.runtime.errors import AthenaError
from emulator.athena.runtime.run import Context, Run
from emulator.athena.runtime.statement_result import NO_LINES, StatementResult
from emulator.athena.runtime.statements import Deallocate, Execute, Prepare, Statement


def resolve(statement: Statement, context: Context, read: Callable[[str], Statement]) -> tuple[Statement, Context]:
    """Return the statement that an EXECUTE runs and its context; any other statement unchanged.

    Args:
        statement: the statement.
        context: its context.
        read: returns the statement of a text.

    Raises:
        AthenaError: NOT_FOUND: there is no such prepared statement.
    """
    if not isinstance(statement, Execute):
        return statement, context
    text = _find(context, statement.statement)
    if text is None:
        raise AthenaError("NOT_FOUND", f"line 1:1: Prepared statement not found: {statement.statement}")
    values = tuple(statement.parameters) or context.parameters
    return read(text), dataclasses.replace(context, parameters=values)


def _find(context: Context, name: str) -> str | None:
    athena = context.cloud.athena
    try:
        answer = athena.get_prepared_statement(StatementName=name, WorkGroup=context.workgroup)
    except athena.exceptions.ResourceNotFoundException:
        return None
    return answer["PreparedStatement"]["QueryStatement"]


def prepare(statement: Prepare, run: Run) -> StatementResult:
    """Store a prepared statement; an earlier one of the same name is replaced."""
    athena, workgroup = run.cloud.athena, run.context.workgroup
    if _find(run.context, statement.statement) is not None:
        athena.delete_prepared_statement(StatementName=statement.statement, WorkGroup=workgroup)
    athena.create_prepared_statement(
        StatementName=statement.statement, WorkGroup=workgroup, QueryStatement=statement.query
    )
    return NO_LINES


def deallocate(statement: Deallocate, run: Run) -> StatementResult:
    """Delete a prepared statement."""
    if _find(run.context, statement.statement) is None:
        raise AthenaError("NOT_FOUND", f"line 1:1: Prepared statement not found: {statement.statement}")
    run.cloud.athena.delete_prepared_statement(StatementName=statement.statement, WorkGroup=run.context.workgroup)
    return NO_LINES
