"""What keeps the tables of source databases from being replicated, as DMS tells it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from lakehouse.contracts.model import Contract, Ingest
from lakehouse.names import Names

SUSPENDED = ("Table error", "Table cancelled", "Error")
NO_TABLE = "Table does not exist"
NO_KEY = "No primary key"
"""Words of `TableState` and `ValidationState`.

Source: AWS DMS user guide, "Table states during tasks", "Validation status".
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """The replication of one source database.

    Attributes:
        status: its status in the words of DMS.
        messages: what DMS says about failures; a message about a table begins with `SCHEMA.TABLE: `.
        tables: state and validation state of each table by schema and name.
        reload: commands that load all tables again.
        resume: command that continues after a failure.
    """

    status: str
    messages: tuple[str, ...]
    tables: Mapping[tuple[str, str], tuple[str, str]]
    reload: str
    resume: str


def blockages(contracts: Iterable[Contract], *, names: Names) -> dict[str, str]:
    """Return why datasets of source databases are blocked, by dataset; datasets without a reason are missing.

    Calls DMS once for all source databases and once for each; for tasks on an instance, twice for each.
    """
    by_source: dict[str, list[Contract]] = {}
    for contract in contracts:
        if contract.source.is_database:
            by_source.setdefault(contract.source.name, []).append(contract)
    if not by_source:
        return {}
    dms: Any = boto3.client("dms")
    serverless = {one["ReplicationConfigIdentifier"]: one for one in _pages(dms.describe_replications, "Replications")}
    found = {}
    for source, of_source in by_source.items():
        identifier = names.replication(source=source)
        if identifier in serverless:
            replication = _of_config(dms, serverless[identifier])
        elif (task := _task(dms, identifier)) is not None:
            replication = _of_task(dms, task)
        else:
            continue  # nothing is deployed that could be blocked
        for contract in of_source:
            if why := reason(contract, replication):
                found[contract.dataset] = why
    return found


def reason(contract: Contract, replication: Replication) -> str | None:
    """Return why the table of a contract is not replicated as the contract promises, and the remedy; None if it is."""
    name = f"{contract.source.schema}.{contract.source.table}"
    about_it = [text.removeprefix(f"{name}: ") for text in replication.messages if text.startswith(f"{name}: ")]
    table = (contract.source.schema or "", contract.source.table or "")
    state, validation = replication.tables.get(table, (NO_TABLE, ""))
    if replication.status == "failed":
        why = "; ".join(replication.messages) or "DMS gives no reason, see its log"
        return f"the replication failed: {why}. Fix the cause, then run `{replication.resume}`"
    if state in SUSPENDED:
        why = "; ".join(about_it) or "the log of the replication has the reason"
        return f"table {name} is suspended: {why}. Fix the cause, then run {replication.reload}"
    if state == NO_TABLE:
        if replication.status != "running":  # the tables are not read yet
            return None
        return (
            f"{contract.source.name} has no table {name} that can be replicated; a view or an unlogged table cannot. "
            "Create the table, or correct `schema` and `physicalName` of the contract, deploy, and run "
            f"`{replication.resume}`"
        )
    if contract.ingest is not Ingest.CDC:
        return None
    if validation == NO_KEY and not about_it:
        about_it = [f"no replica identity; run `ALTER TABLE {name} REPLICA IDENTITY FULL` in the source"]
    return f"table {name}: {'; '.join(about_it)}; then run {replication.reload}" if about_it else None


def _of_config(dms: Any, config: Mapping[str, Any]) -> Replication:
    """Return the state of a replication of DMS Serverless."""
    arn = {"ReplicationConfigArn": config["ReplicationConfigArn"]}
    option = f"--replication-config-arn {config['ReplicationConfigArn']}"
    start = f"aws dms start-replication {option} --start-replication-type"
    begun = config["Status"] != "created"
    call, member = dms.describe_replication_table_statistics, "ReplicationTableStatistics"
    return Replication(
        status=config["Status"],
        messages=tuple(config.get("FailureMessages", [])),
        tables=_states(_pages(call, member, **arn)) if begun else {},
        reload=f"`aws dms stop-replication {option}`, then `{start} reload-target`",
        resume=f"{start} resume-processing",
    )


def _of_task(dms: Any, task: Mapping[str, Any]) -> Replication:
    """Return the state of a task on an instance."""
    arn = {"ReplicationTaskArn": task["ReplicationTaskArn"]}
    option = f"--replication-task-arn {task['ReplicationTaskArn']}"
    start = f"aws dms start-replication-task {option} --start-replication-task-type"
    begun = task["Status"] not in ("creating", "ready")
    return Replication(
        status=task["Status"],
        messages=tuple(task.get("LastFailureMessage", "").splitlines()),
        tables=_states(_pages(dms.describe_table_statistics, "TableStatistics", **arn)) if begun else {},
        reload=f"`aws dms stop-replication-task {option}`, then `{start} reload-target`",
        resume=f"{start} resume-processing",
    )


def _task(dms: Any, identifier: str) -> Mapping[str, Any] | None:
    condition = {"Name": "replication-task-id", "Values": [identifier]}
    try:
        return next(_pages(dms.describe_replication_tasks, "ReplicationTasks", Filters=[condition]), None)
    except dms.exceptions.ResourceNotFoundFault:
        return None


def _states(tables: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (table["SchemaName"], table["TableName"]): (table["TableState"], table.get("ValidationState", ""))
        for table in tables
    }


def _pages(call: Callable[..., Mapping[str, Any]], member: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of all pages; boto3 has no paginator for serverless replications."""
    while True:
        page = call(**arguments)
        yield from page[member]
        if not page.get("Marker"):
            return
        arguments["Marker"] = page["Marker"]
