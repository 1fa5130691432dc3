"""Failures of the source and of S3: what waiting may fix, and what was refused.

A lost connection has no SQLSTATE, because libpq reports it, not the server. Depending on the call, psycopg raises it as
OperationalError, as plain DatabaseError or, if libpq returns no result at all, as MemoryError.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from botocore.exceptions import ClientError
from psycopg import pq
from psycopg.errors import error_from_result

_BUSY_CLASSES = ("08", "40", "53", "57")
_BUSY = ("55006", "55P03", "58000", "58030")
"""SQLSTATEs of a server that shuts down, starts, lacks resources, or waits for another session.

Source: PostgreSQL documentation, "PostgreSQL Error Codes".
"""


def execute(
    connection: psycopg.Connection[Any],
    command: bytes,
    *,
    expected: pq.ExecStatus,
    parameters: Sequence[bytes | None] | None = None,
) -> pq.abc.PGresult:
    """Execute a command that psycopg's cursors cannot, and return its result.

    Args:
        connection: a connection, also one for the replication protocol.
        command: the command.
        expected: status of the result.
        parameters: values of the command's parameters, in PostgreSQL's text form; None for a simple query.

    Raises:
        psycopg.OperationalError: the connection is lost.
        psycopg.Error: the server refused the command.
    """
    pgconn = connection.pgconn
    try:
        result = pgconn.exec_(command) if parameters is None else pgconn.exec_params(command, parameters)
    except MemoryError as error:  # libpq returned no result
        if pgconn.status != pq.ConnStatus.BAD:
            raise
        raise psycopg.OperationalError(f"the connection is lost: {pgconn.get_error_message()}") from error
    if result.status != expected:
        raise error_from_result(result)
    return result


def is_temporary(error: Exception) -> bool:
    """Return whether waiting may help: a server is unreachable or busy, and does not refuse the request."""
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:
            return isinstance(error, psycopg.OperationalError) or type(error) is psycopg.DatabaseError
        return state.startswith(_BUSY_CLASSES) or state in _BUSY
    if isinstance(error, ClientError):
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"]) >= 500
    return True
