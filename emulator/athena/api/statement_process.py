"""The process that runs statements: no statement takes the server's memory, its time or its life.

DuckDB sometimes does not end a statement that is interrupted, and holds memory that its limit does not count. Both are
contained by a process that can be killed. This module is the process's side; `process_pool` is the server's.
"""

import logging
import os
import threading
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.athena.api import prepared, results
from emulator.athena.api.registry import execute, read
from emulator.athena.runtime.denials import denials
from emulator.athena.runtime.errors import (
    DDL_TYPE,
    AthenaError,
    CancelledError,
    MalformedQueryError,
    not_supported,
    with_remedy,
)
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import Context, Run, start
from emulator.athena.runtime.statements import Statement

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
GRACE_SECONDS = 2
CANCEL = "cancel"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A statement to run.

    Attributes:
        sql: the statement.
        context: its context.
        limit: bytes that it may scan, or None.
        seconds: the time that it has.
        encryption: `EncryptionConfiguration` of the result.
    """

    sql: str
    context: Context
    limit: int | None
    seconds: float
    encryption: dict[str, str]


@dataclass(slots=True)
class Running:
    """A statement that runs, as the main thread and the one that watches it see it.

    Attributes:
        task: the statement.
        scan: what it has read, and whether it may continue.
        run: its DuckDB database, while there is one.
        deadline: the time of `time.monotonic` by which it must have ended; None while it may continue.
        ended: whether its end has been sent.
    """

    task: Task
    scan: Scan
    run: Run | None = None
    deadline: float | None = None
    ended: bool = False


def serve(connection: "Connection[Any, Any]") -> None:
    """Run the tasks that come through a connection, one at a time; never return.

    The end of each is sent as a pair: the changed members of its execution, and whether the process takes another task.
    `CANCEL` ends the statement that runs. The process ends when the server closes the connection or ends itself.
    """
    queue: SimpleQueue[Running] = SimpleQueue()
    lock = threading.Lock()
    threading.Thread(target=_watch, args=[connection, queue, lock], name="athena-watch", daemon=True).start()
    while True:
        running = queue.get()
        members = run_task(running)
        with lock:
            running.ended = True
            connection.send((members, True))


def _watch(connection: "Connection[Any, Any]", queue: "SimpleQueue[Running]", lock: threading.Lock) -> None:
    """Receive tasks and cancellations, and end the statement that may not continue."""
    running: Running | None = None
    try:
        while True:
            if connection.poll(WATCH_SECONDS):
                message = connection.recv()
                if isinstance(message, Task):
                    running = Running(message, Scan(limit=message.limit, seconds=message.seconds))
                    queue.put(running)
                elif running is not None:
                    running.scan.cancel()
            with lock:
                error = overdue(running) if running is not None and not running.ended else None
                if running is not None and error is not None:
                    statistics = {"DataScannedInBytes": running.scan.bytes}
                    connection.send(({"Status": ended_by(error), "Statistics": statistics}, False))
                    os._exit(0)
    except (EOFError, OSError):
        os._exit(0)  # the server ended; sys.exit would wait for the main thread, which may be inside DuckDB


def overdue(running: Running) -> AthenaError | CancelledError | None:
    """Interrupt a statement that was cancelled or timed out, also if an interrupt came between two of its queries.

    Returns:
        Why the statement must end, if interrupts were in vain: DuckDB sometimes does not end a COPY.
    """
    try:
        running.scan.check()
    except (AthenaError, CancelledError) as error:
        if running.run is not None:
            running.run.interrupt()
        running.deadline = running.deadline or time.monotonic() + GRACE_SECONDS
        return error if time.monotonic() > running.deadline else None
    return None


def run_task(running: Running) -> Json:
    """Run a statement and return the members of its execution that it changed; no error leaves this function."""
    members: Json = {"Statistics": {}}
    try:
        running.scan.check()
        _run(running, members)
        members["Status"] = {"State": "SUCCEEDED"}
    except AthenaError as error:
        members["Status"] = ended_by(error if running.task.context.trino else with_remedy(error))
    except (CancelledError, MalformedQueryError) as error:
        members["Status"] = ended_by(error)
    except Exception as error:
        query_id = running.task.context.query_id
        log.exception("query %s failed: %s", query_id, running.task.sql)
        members["Status"] = ended_by(_unexpected(error, query_id=query_id))
    members["Statistics"]["DataScannedInBytes"] = running.scan.bytes
    return members


def _run(running: Running, members: Json) -> None:
    task = running.task
    parse = partial(read, trino=task.context.trino)
    statement, context = prepared.resolve(parse(task.sql), task.context, parse)
    members |= described(statement, context)
    with start(context, scan=running.scan) as run:
        running.run = run
        try:
            result = execute(statement, run)
            uri = members["ResultConfiguration"]["OutputLocation"]
            with denials(context.cloud, output=uri):
                results.write(context, result, uri=uri, encryption=task.encryption)
        finally:
            running.run = None
    members["_ColumnInfo"] = results.column_info(result.columns)
    members["_UpdateCount"] = result.update_count
    members["_HasRows"] = result.csv is not None or result.lines is not None
    manifest = results.manifest_location(context, result)
    if manifest:
        members["Statistics"]["DataManifestLocation"] = manifest


def described(statement: Statement, context: Context) -> Json:
    """Return the members of an execution that follow from its statement: the kind, and the location of the result."""
    return {
        "StatementType": statement.type,
        "SubstatementType": statement.subtype,
        "ResultConfiguration": {"OutputLocation": results.location(statement, context)},
    }


def ended_by(error: AthenaError | CancelledError | MalformedQueryError) -> Json:
    """Return the status of an execution that an error ended."""
    if isinstance(error, CancelledError):
        return {"State": "CANCELLED", "StateChangeReason": str(error)}
    athena_error = error if isinstance(error, AthenaError) else AthenaError("", str(error))
    return {
        "State": "FAILED",
        "StateChangeReason": str(athena_error),
        "AthenaError": {
            "ErrorCategory": athena_error.category,
            "ErrorType": athena_error.type if isinstance(error, AthenaError) else DDL_TYPE,
            "Retryable": athena_error.retryable,
            "ErrorMessage": str(athena_error),
        },
    }


def _unexpected(error: Exception, *, query_id: str) -> AthenaError:
    """Return Athena's error for an error that the engine did not expect; the server's log has the error itself.

    What a service or the file system answered is the user's to read. Any other error is a statement that the engine
    does not understand.
    """
    if isinstance(error, ClientError | BotoCoreError | OSError):
        return AthenaError("GENERIC_INTERNAL_ERROR", str(error))
    return not_supported(
        f"this statement or one of its values is not in the emulator's engine. The server's log has the cause, under "
        f"the query {query_id}. Write the statement in another way, or report it."
    )
