"""What a replication has done, on disk: it survives the replicator, and the API reads it."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

COMPLETED = "Table completed"
ERROR = "Table error"
FULL_LOAD = "Full load"
BEFORE_LOAD = "Before load"


@dataclass(slots=True, kw_only=True)
class TableState:
    """A table's progress, in the words of `DescribeTableStatistics`.

    `from_lsn` is where its full load was taken: changes committed before it are in the load. None before that.
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
    updated: float | None = None
    error: str | None = None

    @property
    def suspended(self) -> bool:
        return self.state == ERROR

    def suspend(self, error: str) -> None:
        self.state, self.error, self.updated = ERROR, error, now()


@dataclass(slots=True, kw_only=True)
class State:
    """Progress of a replication.

    `has_slot` says that the source keeps its log for it; `written_lsn` is the end of the last transaction whose changes
    are in S3.
    """

    path: Path
    status: str = "starting"
    error: str | None = None
    stop_reason: str | None = None
    has_slot: bool = False
    written_lsn: int = 0
    tables: dict[str, TableState] = field(default_factory=dict)

    def begin(self) -> None:
        """Note the start of a run."""
        self.status, self.error, self.stop_reason = "starting", None, None
        self.save()

    def forget(self) -> None:
        """Begin anew: nothing is loaded and no change is written."""
        self.has_slot, self.written_lsn = False, 0
        self.tables.clear()
        self.save()

    def save(self) -> None:
        """Replace the file whole, so that a reader or a restart finds the old or the new state."""
        document = {name: value for name, value in asdict(self).items() if name != "path"}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(document, indent=1))
        temporary.replace(self.path)


def load(folder: Path) -> State:
    """State of the replication that works in a folder; a new one if it never ran."""
    path = folder / "state.json"
    if not path.exists():
        return State(path=path)
    document: dict[str, Any] = json.loads(path.read_text())
    tables = {name: TableState(**table) for name, table in document.pop("tables").items()}
    return State(path=path, tables=tables, **document)


def now() -> float:
    return datetime.now(UTC).timestamp()
