"""What keeps the tables of source databases from being replicated completely, as DMS tells it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import boto3

from lakehouse.contracts.model import Ingest, Source
from lakehouse.names import Names
from lakehouse.operations.replication_states import Replication, TableState, of_config, of_task, pages, task_of

SUSPENDED = ("Table error", "Table cancelled", "Error")
NO_TABLE = "Table does not exist"
NO_KEY = "No primary key"
"""Words of the states of tables and of validation.

Source: AWS DMS user guide, "Table states during tasks", "Validation status".
"""


NO_IDENTITY = "no replica identity; run `ALTER TABLE {} REPLICA IDENTITY FULL` in the source"
_MESSAGE = re.compile(r"(?:since (?P<since>\d{4}-\S+Z): )?(?P<reason>.+)", re.DOTALL)
_OF_A_COLUMN = re.compile(r'column (?P<name>"(?:[^"\\]|\\.)*") (dropped|added|renamed|rewritten)')


class Replicated(Protocol):
    """What blockages need of a contract."""

    @property
    def dataset(self) -> str: ...
    @property
    def ingest(self) -> Ingest: ...
    @property
    def source(self) -> Source: ...
    @property
    def source_columns(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the lakehouse knows about a dataset, with which DMS's words are compared.

    Attributes:
        first_batch: when its first batch was planned; None if it has none.
        reconciled: when it was last found equal to its source; None if it never was.
        ddls: DMS's number of changes of the table's definition at that time.
    """

    first_batch: datetime | None = None
    reconciled: datetime | None = None
    ddls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockage:
    """Why integration may differ from the source, since when, and the remedy.

    Attributes:
        reason: what happened.
        remedy: what to do, with commands.
        since: when it happened; None if DMS does not say it.
    """

    reason: str
    remedy: str
    since: datetime | None = field(default=None)

    def __str__(self) -> str:
        return f"{f'since {self.since:%Y-%m-%d %H:%M:%S} UTC: ' if self.since else ''}{self.reason}. {self.remedy}"


def blockages(
    contracts: Iterable[Replicated], *, names: Names, histories: Mapping[str, History] | None = None
) -> dict[str, Blockage]:
    """Return why datasets of source databases are blocked, by dataset; datasets without a reason are missing.

    Calls DMS once for all source databases and once for each; for tasks on an instance, twice for each.

    Args:
        contracts: the datasets.
        names: names of the deployment.
        histories: what the lakehouse knows about them.
    """
    by_source: dict[str, list[Replicated]] = {}
    for contract in contracts:
        if contract.source.is_database:
            by_source.setdefault(contract.source.name, []).append(contract)
    if not by_source:
        return {}
    dms: Any = boto3.client("dms")
    serverless = {one["ReplicationConfigIdentifier"]: one for one in pages(dms.describe_replications, "Replications")}
    found = {}
    for source, of_source in by_source.items():
        identifier = names.replication(source=source)
        if identifier in serverless:
            replication = of_config(dms, serverless[identifier])
        elif (task := task_of(dms, identifier)) is not None:
            replication = of_task(dms, task)
        else:
            continue  # nothing is deployed that could be blocked
        for contract in of_source:
            if blockage := blockage_of(contract, replication, (histories or {}).get(contract.dataset, History())):
                found[contract.dataset] = blockage
    return found


def blockage_of(contract: Replicated, replication: Replication, history: History) -> Blockage | None:
    """Return why the dataset of a contract may differ from its table in the source; None if it does not."""
    name = f"{contract.source.schema}.{contract.source.table}"
    messages = [
        _MESSAGE.fullmatch(text[len(name) + 2 :]) for text in replication.messages if text.startswith(f"{name}: ")
    ]
    about_it = [(_time(match["since"]), match["reason"]) for match in messages if match]
    table = replication.tables.get((contract.source.schema or "", contract.source.table or ""), TableState(NO_TABLE))
    if replication.status == "failed":
        why = "; ".join(replication.messages) or "DMS gives no reason, see its log"
        return Blockage(
            reason=f"the replication failed: {why}", remedy=f"Fix the cause, then run `{replication.resume}`"
        )
    if table.state in SUSPENDED:
        why = "; ".join(reason for _, reason in about_it) or "the log of the replication has the reason"
        since = min((since for since, _ in about_it if since), default=None)
        remedy = f"Fix the cause, then run {replication.reload}"
        return Blockage(reason=f"table {name} is suspended: {why}", remedy=remedy, since=since)
    if table.state == NO_TABLE:
        if replication.status != "running":  # the tables are not read yet
            return None
        return Blockage(
            reason=f"{contract.source.name} has no table {name} that can be replicated; a view or an unlogged table "
            "cannot",
            remedy="Create the table, or correct `schema` and `physicalName` of the contract, deploy, and run "
            f"`{replication.resume}`",
        )
    if contract.ingest is not Ingest.CDC:
        return None
    if table.validation == NO_KEY:
        said = [reason for _, reason in about_it if reason.startswith("no replica identity")]
        return Blockage(
            reason=f"table {name}: {said[0] if said else NO_IDENTITY.format(_in_sql(contract.source))}",
            remedy=f"Then run {replication.reload}",
            since=table.loaded_at,
        )
    return _since_reconciled(contract, table, about_it, history)


def _since_reconciled(
    contract: Replicated, table: TableState, messages: list[tuple[datetime | None, str]], history: History
) -> Blockage | None:
    """Return what happened since the dataset was last found equal to its source, and what makes it equal again."""
    name = f"{contract.source.schema}.{contract.source.table}"
    new = [
        (since, reason)
        for since, reason in messages
        if _concerns(contract, reason) and (history.reconciled is None or since is None or since > history.reconciled)
    ]
    if table.ddls > history.ddls and not messages:
        new.append((None, f"{table.ddls - history.ddls} changes of its definition; rows from before may differ"))
    loaded, first = table.loaded_at, history.first_batch
    if loaded and first and loaded > first and (history.reconciled is None or loaded > history.reconciled):
        new.append((loaded, "loaded again; a row with an earlier change keeps it, and rows that were deleted stay"))
    if not new:
        return None
    return Blockage(
        reason=f"table {name}: {'; '.join(dict.fromkeys(reason for _, reason in new))}",
        remedy=f"Run `lakehouse reconcile {contract.dataset} --repair`",
        since=min((since for since, _ in new if since), default=None),
    )


def _concerns(contract: Replicated, reason: str) -> bool:
    """Return whether an event concerns a dataset: one of a column only if the contract has the column."""
    column = _OF_A_COLUMN.match(reason)
    return column is None or json.loads(column["name"]) in contract.source_columns


def _in_sql(source: Source) -> str:
    """Return the table of a source in SQL, quoted where it must be."""
    parts = (source.schema or "", source.table or "")
    return ".".join(
        part if re.fullmatch("[a-z_][a-z0-9_]*", part) else '"' + part.replace('"', '""') + '"' for part in parts
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
