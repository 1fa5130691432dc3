"""What DMS says about a replication and its tables: of DMS Serverless, or of a task on an instance."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple


class TableState(NamedTuple):
    """What DMS says about a table.

    Attributes:
        state: its state.
        validation: its validation state.
        ddls: number of changes of its definition that DMS captured.
        loaded_at: start of its last full load; None if it has none.
    """

    state: str
    validation: str = ""
    ddls: int = 0
    loaded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """The replication of one source database.

    Attributes:
        status: its status in the words of DMS.
        messages: what DMS says about failures; a message about a table begins with `SCHEMA.TABLE: `.
        tables: what DMS says about each table, by schema and name.
        reload: commands that load all tables again.
        resume: command that continues after a failure.
    """

    status: str
    messages: tuple[str, ...]
    tables: Mapping[tuple[str, str], TableState]
    reload: str
    resume: str


def of_config(dms: Any, config: Mapping[str, Any]) -> Replication:
    """Return the state of a replication of DMS Serverless."""
    arn = {"ReplicationConfigArn": config["ReplicationConfigArn"]}
    option = f"--replication-config-arn {config['ReplicationConfigArn']}"
    start = f"aws dms start-replication {option} --start-replication-type"
    begun = config["Status"] != "created"
    call, member = dms.describe_replication_table_statistics, "ReplicationTableStatistics"
    return Replication(
        status=config["Status"],
        messages=tuple(config.get("FailureMessages", [])),
        tables=_states(pages(call, member, **arn)) if begun else {},
        reload=f"`aws dms stop-replication {option}`, then `{start} reload-target`",
        resume=f"{start} resume-processing",
    )


def of_task(dms: Any, task: Mapping[str, Any]) -> Replication:
    """Return the state of a task on an instance."""
    arn = {"ReplicationTaskArn": task["ReplicationTaskArn"]}
    option = f"--replication-task-arn {task['ReplicationTaskArn']}"
    start = f"aws dms start-replication-task {option} --start-replication-task-type"
    begun = task["Status"] not in ("creating", "ready")
    return Replication(
        status=task["Status"],
        messages=tuple(task.get("LastFailureMessage", "").splitlines()),
        tables=_states(pages(dms.describe_table_statistics, "TableStatistics", **arn)) if begun else {},
        reload=f"`aws dms stop-replication-task {option}`, then `{start} reload-target`",
        resume=f"{start} resume-processing",
    )


def task_of(dms: Any, identifier: str) -> Mapping[str, Any] | None:
    """Return the task of an identifier; None if there is none."""
    condition = {"Name": "replication-task-id", "Values": [identifier]}
    try:
        return next(pages(dms.describe_replication_tasks, "ReplicationTasks", Filters=[condition]), None)
    except dms.exceptions.ResourceNotFoundFault:
        return None


def _states(tables: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], TableState]:
    return {
        (table["SchemaName"], table["TableName"]): TableState(
            state=table["TableState"],
            validation=table.get("ValidationState", ""),
            ddls=table.get("Ddls", 0),
            loaded_at=started.astimezone(UTC) if (started := table.get("FullLoadStartTime")) else None,
        )
        for table in tables
    }


def pages(call: Callable[..., Mapping[str, Any]], member: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of all pages; boto3 has no paginator for serverless replications."""
    while True:
        page = call(**arguments)
        yield from page[member]
        if not page.get("Marker"):
            return
        arguments["Marker"] = page["Marker"]
