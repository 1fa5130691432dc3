"""The progress of a replication, on disk: it survives the replicator, and the API reads it."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.replicator.catalog_watch import Shape

COMPLETED = "Table completed"
ERROR = "Table error"
FULL_LOAD = "Full load"
BEFORE_LOAD = "Before load"

MOST_EVENTS = 100
"""Events of a table that are kept; of more, the first and the last ones."""


@dataclass(slots=True, kw_only=True)
class TableState:
    """A table's progress, in the words of `DescribeTableStatistics`.

    Attributes:
        schema: its schema.
        name: its name.
        state: its state.
        from_lsn: position in the log of its full load, which contains all changes committed before; None until then.
        full_load_rows: number of rows of the full load.
        full_load_started: start of the full load, in seconds since 1970; None until then.
        full_load_ended: end of the full load, in seconds since 1970; None until then.
        inserts: number of inserts.
        updates: number of updates.
        deletes: number of deletes.
        ddls: number of changes of its columns.
        truncates: number of TRUNCATEs.
        inserts_only: whether its updates and deletes are not followed, because it has no replica identity.
        shape: what the catalog said about it when it was last looked at; None until its full load.
        events: what happened in the source that the target does not show: time in seconds since 1970, and text.
        updated: time of the last change of this state, in seconds since 1970.
        error: why it is suspended; None if it is not.
    """

    schema: str
    name: str
    state: str = BEFORE_LOAD
    from_lsn: int | None = None
    full_load_rows: int = 0
    full_load_started: float | None = None
    full_load_ended: float | None = None
    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    ddls: int = 0
    truncates: int = 0
    inserts_only: bool = False
    shape: Shape | None = None
    events: list[tuple[float, str]] = field(default_factory=list)
    updated: float | None = None
    error: str | None = None

    @property
    def suspended(self) -> bool:
        """Whether the table is no longer replicated because of an error."""
        return self.state == ERROR

    @property
    def problems(self) -> Iterator[str]:
        """What of the table is not replicated or not known to be: `SCHEMA.TABLE: since TIME: reason`."""
        name, started = f"{self.schema}.{self.name}", self.full_load_started
        in_sql = f"{_in_sql(self.schema)}.{_in_sql(self.name)}"
        if self.error:
            yield _problem(name, self.updated, self.error)
        if self.inserts_only:
            yield _problem(
                name,
                started,
                "no replica identity, so its updates and deletes are not replicated; give it a primary key that is "
                f"not deferrable, or run `ALTER TABLE {in_sql} REPLICA IDENTITY FULL` in the source",
            )
        if self.shape is not None and self.shape["inherited"]:
            yield _problem(name, started, "other tables inherit from it; their rows are not replicated with its own")
        for at, text in self.events:
            yield _problem(name, at, text)

    def happened(self, text: str) -> None:
        """Record an event in the source that the target does not show."""
        if len(self.events) == MOST_EVENTS:
            del self.events[MOST_EVENTS // 2]
        self.events.append((now(), text))

    def suspend(self, error: str) -> None:
        """Stop the replication of the table."""
        self.state, self.error, self.updated = ERROR, error, now()


@dataclass(slots=True, kw_only=True)
class State:
    """The progress of a replication.

    Attributes:
        path: file of the state.
        status: `starting`, `running`, `stopped` or `failed`.
        error: why it failed.
        stop_reason: why it stopped, in DMS's words.
        has_slot: whether the source has a slot that keeps the log.
        written_lsn: end of the last transaction whose changes are in S3.
        tables: states of its tables by full name.
    """

    path: Path
    status: str = "starting"
    error: str | None = None
    stop_reason: str | None = None
    has_slot: bool = False
    written_lsn: int = 0
    tables: dict[str, TableState] = field(default_factory=dict)

    def begin(self) -> None:
        """Record the start of a run."""
        self.status, self.error, self.stop_reason = "starting", None, None
        self.save()

    def reset(self) -> None:
        """Record that no table is loaded and no change is written."""
        self.has_slot, self.written_lsn = False, 0
        self.tables.clear()
        self.save()

    def save(self) -> None:
        """Replace the file by a rename, so that a reader or a restart finds the old or the new state."""
        document = {name: value for name, value in asdict(self).items() if name != "path"}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(document, indent=1))
        temporary.replace(self.path)


def load(folder: Path) -> State:
    """Return the state of the replication of a folder; a new one if it never ran."""
    path = folder / "state.json"
    if not path.exists():
        return State(path=path)
    document: dict[str, Any] = json.loads(path.read_text())
    tables = {name: TableState(**table) for name, table in document.pop("tables").items()}
    return State(path=path, tables=tables, **document)


def _in_sql(name: str) -> str:
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _problem(table: str, at: float | None, text: str) -> str:
    since = f"since {datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%fZ}: " if at else ""
    return f"{table}: {since}{' '.join(text.split())}"


def now() -> float:
    """Return the current time in seconds since 1970."""
    return datetime.now(UTC).timestamp()
