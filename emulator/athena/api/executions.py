"""Query executions: a queue, a thread for each that runs, and their records as `GetQueryExecution` returns them.

A record consists of JSON values, so that it can be saved. Members that the API does not show begin with an underscore.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from emulator.athena.api.process_pool import ProcessPool
from emulator.athena.api.statement_process import Json, Task, ended_by
from emulator.athena.runtime.errors import AthenaError, cancelled
from emulator.athena.runtime.run import WORKERS, Context

log = logging.getLogger(__name__)

Record = dict[str, Any]
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}
MOST_RECORDS = 1000
# Athena's quota for SELECT, CTAS, INSERT: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
TIMEOUT_SECONDS = 30 * 60
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
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._processes = ProcessPool()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="athena")

    def submit(self, record: Record, context: Context, *, limit: int | None, encryption: dict[str, str]) -> None:
        """Queue a statement.

        Args:
            record: the execution as `new_record` returns it; its `Query` is run.
            context: the statement's context.
            limit: bytes that the statement may scan, or None.
            encryption: `EncryptionConfiguration` of the result.
        """
        stop = threading.Event()
        with self._lock:
            self.records[context.query_id] = record
            self._stops[context.query_id] = stop
            for old in list(self.records)[:-MOST_RECORDS]:
                if self.records[old]["Status"]["State"] in FINAL:
                    del self.records[old]
        task = Task(sql=record["Query"], context=context, limit=limit, seconds=TIMEOUT_SECONDS, encryption=encryption)
        self._pool.submit(self._work, record, task, stop)

    def stop(self, query_id: str) -> None:
        """Cancel an execution that is not done."""
        stop = self._stops.get(query_id)
        if stop is not None:
            stop.set()

    def close(self) -> None:
        """Cancel all executions, wait until they end, and end the processes."""
        for query_id in list(self._stops):
            self.stop(query_id)
        self._pool.shutdown(cancel_futures=True)
        self._processes.close()

    def _work(self, record: Record, task: Task, stop: threading.Event) -> None:
        started = time.time()
        submitted = record["Status"]["SubmissionDateTime"]
        update(
            record,
            {
                "Status": {"State": "RUNNING"},
                "Statistics": {"QueryQueueTimeInMillis": round((started - submitted) * 1000)},
            },
        )
        members = self._members(task, stop)
        ended = time.time()
        statistics = {
            "EngineExecutionTimeInMillis": round((ended - started) * 1000),
            "TotalExecutionTimeInMillis": round((ended - submitted) * 1000),
        }
        status = members.pop("Status")
        update(record, members)
        update(record, {"Statistics": statistics})
        update(record, {"Status": {**status, "CompletionDateTime": ended}})  # last: who waits for it reads the others
        self._stops.pop(task.context.query_id, None)
        self._on_change()

    def _members(self, task: Task, stop: threading.Event) -> Json:
        if stop.is_set():
            return {"Status": ended_by(cancelled())}
        try:
            return self._processes.run(task, stop=stop)
        except AthenaError as error:
            return {"Status": ended_by(error)}
        except Exception as error:
            log.exception("the process of query %s failed", task.context.query_id)
            return {"Status": ended_by(AthenaError("GENERIC_INTERNAL_ERROR", str(error)))}


def update(record: Record, members: Json) -> None:
    """Set members of a record; an object's members are added to those that it has."""
    for name, value in members.items():
        record[name] = {**record.get(name, {}), **value} if isinstance(value, dict) else value


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
    failure = ended_by(AthenaError("GENERIC_INTERNAL_ERROR", "the server ended while the query ran"))
    return {**record, "Status": {**record["Status"], **failure, "CompletionDateTime": time.time()}}


def runtime_statistics(record: Record) -> Record:
    """Return the times and the read bytes of an execution; Athena adds rows and stages only some time later."""
    statistics = record["Statistics"]
    timeline = {name: value for name, value in statistics.items() if name.endswith("Millis")}
    return {"Timeline": timeline, "Rows": {"InputBytes": statistics["DataScannedInBytes"]}}


def shown(record: Record) -> Record:
    """Return the members of a record that the API shows."""
    return {name: value for name, value in dict(record).items() if not name.startswith("_")}
