"""Query executions: a queue, the threads that run them, and their records as `GetQueryExecution` returns them.

A record consists of JSON values, so that it can be saved. Members that the API does not show begin with an underscore.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.athena.api import prepared, results
from emulator.athena.api.registry import execute
from emulator.athena.parsing.parse import parse
from emulator.athena.runtime.errors import DDL_TYPE, AthenaError, CancelledError, MalformedQueryError, not_supported
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import WORKERS, Context, Run, start
from emulator.athena.runtime.statements import Statement

log = logging.getLogger(__name__)

Record = dict[str, Any]
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}
MOST_RECORDS = 1000
WATCH_SECONDS = 0.5
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


class Executions:
    """The executions of one account and region.

    Args:
        on_change: called after a record has changed.

    Attributes:
        records: the record of each execution, by its id, in the order of submission.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.records: dict[str, Record] = {}
        self._on_change = on_change
        self._runs: dict[str, tuple[Scan, Run | None]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="athena")
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="athena-watch", daemon=True).start()

    def submit(self, record: Record, context: Context, *, limit: int | None, encryption: dict[str, str]) -> None:
        """Queue a statement.

        Args:
            record: the execution as `new_record` returns it; its `Query` is run.
            context: the statement's context.
            limit: bytes that the statement may scan, or None.
            encryption: `EncryptionConfiguration` of the result.
        """
        scan = Scan(limit=limit)
        with self._lock:
            self.records[context.query_id] = record
            self._runs[context.query_id] = (scan, None)
            for old in list(self.records)[:-MOST_RECORDS]:
                if self.records[old]["Status"]["State"] in FINAL:
                    del self.records[old]
        self._pool.submit(self._work, record, context, scan, encryption)

    def stop(self, query_id: str) -> None:
        """Cancel an execution that is not done."""
        scan, run = self._runs.get(query_id, (None, None))
        if scan is not None:
            scan.cancel()
        if run is not None:
            run.interrupt()

    def close(self) -> None:
        """Cancel all executions, and wait until they end."""
        for query_id in list(self._runs):
            self.stop(query_id)
        self._pool.shutdown(cancel_futures=True)
        self._closed.set()

    def _watch(self) -> None:
        """Interrupt cancelled and timed-out statements, also if an interrupt came between two of their queries."""
        while not self._closed.wait(WATCH_SECONDS):
            for scan, run in list(self._runs.values()):
                try:
                    scan.check()
                except (AthenaError, CancelledError):
                    if run is not None:
                        run.interrupt()

    def _work(self, record: Record, context: Context, scan: Scan, encryption: dict[str, str]) -> None:
        started = time.time()
        status, statistics = record["Status"], record["Statistics"]
        statistics["QueryQueueTimeInMillis"] = round((started - status["SubmissionDateTime"]) * 1000)
        status["State"] = "RUNNING"
        scan.begin()
        try:
            scan.check()
            self._run(record, context, scan, encryption)
            final: Record = {"State": "SUCCEEDED"}
        except CancelledError as error:
            final = {"State": "CANCELLED", "StateChangeReason": str(error)}
        except (AthenaError, MalformedQueryError) as error:
            final = _failure(error)
        except Exception as error:
            log.exception("query %s failed: %s", context.query_id, record["Query"])
            final = _failure(_unexpected(error, query_id=context.query_id))
        ended = time.time()
        statistics["DataScannedInBytes"] = scan.bytes
        statistics["EngineExecutionTimeInMillis"] = round((ended - started) * 1000)
        statistics["TotalExecutionTimeInMillis"] = round((ended - status["SubmissionDateTime"]) * 1000)
        record["Status"] = {**status, **final, "CompletionDateTime": ended}
        self._runs.pop(context.query_id, None)
        self._on_change()

    def _run(self, record: Record, context: Context, scan: Scan, encryption: dict[str, str]) -> None:
        statement, context = prepared.resolve(parse(record["Query"]), context)
        describe(record, statement, context)
        with start(context, scan=scan) as run:
            self._runs[context.query_id] = (scan, run)
            result = execute(statement, run)
            results.write(context, result, uri=record["ResultConfiguration"]["OutputLocation"], encryption=encryption)
        record["_ColumnInfo"] = results.column_info(result.columns)
        record["_UpdateCount"] = result.update_count
        record["_HasRows"] = result.csv is not None or result.lines is not None
        manifest = results.manifest_location(context, result)
        if manifest:
            record["Statistics"]["DataManifestLocation"] = manifest


def describe(record: Record, statement: Statement, context: Context) -> None:
    """Set the kind of the statement and the location of its result in a record."""
    record["StatementType"], record["SubstatementType"] = statement.type, statement.subtype
    record["ResultConfiguration"]["OutputLocation"] = results.location(statement, context)


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


def _failure(error: AthenaError | MalformedQueryError) -> Record:
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


def new_record(context: Context, *, sql: str, workgroup: str, encryption: dict[str, str]) -> Record:
    """Return the record of a statement that has just been sent."""
    configuration: Record = {"OutputLocation": f"{context.output}{context.query_id}"}
    if encryption:
        configuration["EncryptionConfiguration"] = encryption
    return {
        "QueryExecutionId": context.query_id,
        "Query": sql,
        "StatementType": "DML",
        "ResultConfiguration": configuration,
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {"Database": context.database, "Catalog": "awsdatacatalog"},
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {
            "EngineExecutionTimeInMillis": 0,
            "DataScannedInBytes": 0,
            "TotalExecutionTimeInMillis": 0,
            "QueryQueueTimeInMillis": 0,
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
        "WorkGroup": workgroup,
        "EngineVersion": ENGINE_VERSION,
        **({"ExecutionParameters": list(context.parameters)} if context.parameters else {}),
    }


def interrupted(record: Record) -> Record:
    """Return the record of an execution that its server left; it has failed if it was not done."""
    if record["Status"]["State"] in FINAL:
        return record
    failure = _failure(AthenaError("GENERIC_INTERNAL_ERROR", "the server ended while the query ran"))
    return {**record, "Status": {**record["Status"], **failure, "CompletionDateTime": time.time()}}


def shown(record: Record) -> Record:
    """Return the members of a record that the API shows."""
    return {name: value for name, value in dict(record).items() if not name.startswith("_")}
