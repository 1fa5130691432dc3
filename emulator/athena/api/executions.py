"""Query executions: queued, running, done; as `GetQueryExecution` tells them.

Records are JSON values, so that they can be kept on disk. What the API does not show has a name with an underscore.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from emulator.athena.api import prepared, results
from emulator.athena.api.registry import execute
from emulator.athena.parsing.parse import parse
from emulator.athena.runtime.errors import DDL_TYPE, AthenaError, CancelledError, MalformedQueryError
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import WORKERS, Context, Run, start
from emulator.athena.runtime.statement_result import StatementResult
from emulator.athena.runtime.statements import Statement

log = logging.getLogger(__name__)

Record = dict[str, Any]
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}
KEPT = 1000
WATCH_SECONDS = 0.5
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


class Executions:
    """The executions of one account and region.

    Args:
        changed: called after a record has changed.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.records: dict[str, Record] = {}
        self._changed = changed
        self._runs: dict[str, tuple[Scan, Run | None]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="athena")
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="athena-watch", daemon=True).start()

    def submit(self, record: Record, context: Context, *, limit: int | None, encryption: dict[str, str]) -> None:
        """Queue a statement.

        Args:
            record: what `GetQueryExecution` says of it; its `Query` is run.
            context: what it is run with.
            limit: bytes that it may scan, or None.
            encryption: `EncryptionConfiguration` of its result.
        """
        scan = Scan(limit=limit)
        with self._lock:
            self.records[context.query_id] = record
            self._runs[context.query_id] = (scan, None)
            for old in list(self.records)[:-KEPT]:
                if self.records[old]["Status"]["State"] in FINAL:
                    del self.records[old]
        self._pool.submit(self._work, record, context, scan, encryption)

    def stop(self, query_id: str) -> None:
        """Cancel an execution; nothing happens if it is done."""
        scan, run = self._runs.get(query_id, (None, None))
        if scan is not None:
            scan.cancel()
        if run is not None:
            run.interrupt()

    def close(self) -> None:
        """Cancel everything, and wait for it to end."""
        for query_id in list(self._runs):
            self.stop(query_id)
        self._pool.shutdown(cancel_futures=True)
        self._closed.set()

    def _watch(self) -> None:
        """Interrupt what must not go on: at its timeout, or because an interrupt came between two of its statements."""
        while not self._closed.wait(WATCH_SECONDS):
            for scan, run in list(self._runs.values()):
                try:
                    scan.check()
                except (AthenaError, CancelledError):
                    if run is not None:
                        run.interrupt()

    def _work(self, record: Record, context: Context, scan: Scan, encryption: dict[str, str]) -> None:
        began = time.time()
        status, statistics = record["Status"], record["Statistics"]
        statistics["QueryQueueTimeInMillis"] = round((began - status["SubmissionDateTime"]) * 1000)
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
            final = _failure(AthenaError("GENERIC_INTERNAL_ERROR", f"{type(error).__name__}: {error}"))
        ended = time.time()
        statistics["DataScannedInBytes"] = scan.bytes
        statistics["EngineExecutionTimeInMillis"] = round((ended - began) * 1000)
        statistics["TotalExecutionTimeInMillis"] = round((ended - status["SubmissionDateTime"]) * 1000)
        record["Status"] = {**status, **final, "CompletionDateTime": ended}
        self._runs.pop(context.query_id, None)
        self._changed()

    def _run(self, record: Record, context: Context, scan: Scan, encryption: dict[str, str]) -> None:
        statement, context = prepared.resolve(parse(record["Query"]), context)
        describe(record, statement, context)
        with start(context, scan=scan) as run:
            self._runs[context.query_id] = (scan, run)
            result = execute(statement, run)
            results.write(context, result, uri=record["ResultConfiguration"]["OutputLocation"], encryption=encryption)
        _finish(record, context, result)


def describe(record: Record, statement: Statement, context: Context) -> None:
    """Say in a record what kind of statement it is, and where its result goes."""
    record["StatementType"], record["SubstatementType"] = statement.type, statement.subtype
    record["ResultConfiguration"]["OutputLocation"] = results.location(statement, context)


def _finish(record: Record, context: Context, result: StatementResult) -> None:
    record["_ColumnInfo"] = results.column_info(result.columns)
    record["_UpdateCount"] = result.update_count
    record["_HasRows"] = result.csv is not None or result.lines is not None
    manifest = results.manifest_location(context, result)
    if manifest:
        record["Statistics"]["DataManifestLocation"] = manifest


def _failure(error: AthenaError | MalformedQueryError) -> Record:
    known = error if isinstance(error, AthenaError) else AthenaError("", str(error))
    return {
        "State": "FAILED",
        "StateChangeReason": str(known),
        "AthenaError": {
            "ErrorCategory": known.category,
            "ErrorType": known.type if isinstance(error, AthenaError) else DDL_TYPE,
            "Retryable": known.retryable,
            "ErrorMessage": str(known),
        },
    }


def new_record(context: Context, *, sql: str, workgroup: str, encryption: dict[str, str]) -> Record:
    """The record of a statement that has just been sent."""
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
    """The record of an execution that was not done when its server ended."""
    if record["Status"]["State"] in FINAL:
        return record
    lost = _failure(AthenaError("GENERIC_INTERNAL_ERROR", "the server ended while the query ran"))
    return {**record, "Status": {**record["Status"], **lost, "CompletionDateTime": time.time()}}


def shown(record: Record) -> Record:
    """What the API shows of a record."""
    return {name: value for name, value in dict(record).items() if not name.startswith("_")}
