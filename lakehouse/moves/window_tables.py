"""Read and write the tables of a dataset's windows, so that each load counts once, whatever fails in between.

A step writes the state first, then the panes, then the too-late events. The commit of the panes decides: it sets the
step of the dataset as a table property. State of other steps is ignored. Too-late events come from the state, so a
step that ended after its panes is completed by the next one.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table

from lakehouse.contracts.columns import BATCH_ID, INGESTED_AT, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.moves.window_events import LateEvent, Load
from lakehouse.names import Names
from lakehouse.tables import windows as definitions
from lakehouse.tables.definition import Definition
from lakehouse.tables.windows import STEP
from lakehouse.windows import state
from lakehouse.windows.machine import Pane

STEP_PROPERTY = "lakehouse.windows-step"
LONGEST_TIMES = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999; a window at their edge begins or ends outside, where no engine has a time."""

WINDOW, LOAD, TOO_LATE, SETTLED = "window", "load", "too_late", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The commit of the panes of some loads.

    Attributes:
        token: identifies it; made from the loads and the step before.
        void: tokens in the table of state that were void when it was made: the steps before, and those that failed.
        watermark: watermark after it.
        rows: rows of the table of panes after it.
    """

    token: str
    void: tuple[str, ...]
    watermark: int
    rows: int


class WindowTables:
    """The tables of one dataset, in the state in which they were loaded.

    Attributes:
        base: the last step; None before the first.
    """

    def __init__(self, contract: Contract, *, names: Names, catalog: Catalog) -> None:
        """Load the tables.

        Raises:
            LakehouseError: a table does not exist, or its panes were changed by something else than steps.
        """
        assert contract.windows is not None  # its callers have looked
        self._dataset, self._by = contract.dataset, contract.windows.by
        self._measures = [measure.name for measure in contract.windows.measures]
        self._panes, self._too_late, self._state = (
            _load(catalog, define(contract, names=names))
            for define in (definitions.panes, definitions.too_late, definitions.state)
        )
        text = self._panes.properties.get(STEP_PROPERTY)
        self.base = Step(**json.loads(text)) if text else None
        self._unsettled: list[dict[str, Any]] = (
            self._state.scan(row_filter=f"{STEP} != '{SETTLED}'").to_arrow().to_pylist()
        )
        rows, expected = _row_count(self._panes), self.base.rows if self.base else 0
        if rows != expected:
            raise LakehouseError(
                f"{'.'.join(self._panes.name())} has {rows} rows, expected {expected}: it was changed by something "
                "else than its job; drop the table and run `lakehouse tables apply`; the next batch then computes the "
                f"panes of {contract.dataset} from all its events"
            )

    def open_windows(self) -> list[str]:
        """Return the open windows, as text."""
        return [row["content"] for row in self._of_base(WINDOW)]

    def counted(self, batch_ids: Iterable[str]) -> set[Load]:
        """Return the loads of some batches that are in the panes already."""
        if self.base is None:
            return set()
        settled = self._state.scan(
            row_filter=f"{STEP} = '{SETTLED}' AND {BATCH_ID} IN ({_texts(batch_ids)})"
        ).to_arrow()
        return {_read_load(row) for row in (*settled.to_pylist(), *self._of_base(LOAD))}

    def settle(self) -> None:
        """Write the too-late events of the last step, if it ended before it did."""
        if self.base is None:
            if self._too_late.current_snapshot():
                self._too_late.delete(AlwaysTrue())  # the panes were dropped
            return
        late = [json.loads(row["content"]) for row in self._of_base(TOO_LATE)]
        if late and not self._too_late.scan(row_filter=f"{STEP} = '{self.base.token}'", limit=1).to_arrow().num_rows:
            self._write_too_late(self.base.token, late)

    def commit(
        self,
        token: str,
        *,
        watermark: int,
        loads: Iterable[Load],
        windows: Iterable[str],
        panes: Sequence[Pane],
        too_late: Iterable[LateEvent],
        judged_by: int | None,
    ) -> None:
        """Write a step on the last one.

        Args:
            token: identifies it.
            watermark: watermark after it.
            loads: the loads that it counts.
            windows: the windows that are open after it, as text.
            panes: its panes.
            too_late: events that no pane has.
            judged_by: the watermark before it.

        Raises:
            CommitFailedException: another step came first; it stands, and this one has left nothing.
        """
        loads = list(loads)
        late = [[*map(state.to_json, event.key), *event[1:], judged_by] for event in too_late]
        self._write_state(token, loads=loads, windows=windows, late=late)
        last_batch = max(load.batch_id for load in loads)
        rows = [self._pane(pane, last_batch) for pane in panes]
        before = self.base.rows if self.base else 0
        step = Step(
            token=token,
            void=tuple(sorted({row[STEP] for row in self._unsettled} - {token})),
            watermark=watermark,
            rows=before + len(rows),
        )
        with self._panes.transaction() as transaction:
            transaction.set_properties({STEP_PROPERTY: json.dumps(asdict(step))})
            transaction.append(_arrow(rows, self._panes))
        if late:
            self._write_too_late(token, late)

    def _write_state(
        self, token: str, *, loads: Iterable[Load], windows: Iterable[str], late: Iterable[list[Any]]
    ) -> None:
        settled = self._of_base(LOAD)
        rows = [
            *({**row, STEP: SETTLED} for row in settled),
            *({STEP: token, "kind": LOAD, BATCH_ID: load.batch_id, INGESTED_AT: load.ingested_at} for load in loads),
            *({STEP: token, "kind": WINDOW, "content": text} for text in windows),
            *({STEP: token, "kind": TOO_LATE, "content": json.dumps(event)} for event in late),
        ]
        replaced: str | BooleanExpression = AlwaysTrue()
        if self.base:
            settling = f"{STEP} = '{self.base.token}' AND kind IN ({_texts((LOAD, TOO_LATE))})"
            replaced = f"{STEP} IN ({_texts((token, *self.base.void))}) OR ({settling})"
        if self._state.current_snapshot():
            self._state.overwrite(_arrow(rows, self._state), overwrite_filter=replaced)
        else:
            self._state.append(_arrow(rows, self._state))

    def _write_too_late(self, token: str, late: Iterable[list[Any]]) -> None:
        count = len(self._by)
        names = ("window_start", "window_end", "event_time", SOURCE_FILE, SOURCE_ROW, BATCH_ID, "watermark")
        rows = [
            dict(zip(self._by, map(state.from_json, event[:count]), strict=True))
            | dict(zip(names, event[count:], strict=True))
            | {STEP: token}
            for event in late
        ]
        self._too_late.append(_arrow(rows, self._too_late))

    def _pane(self, pane: Pane, batch_id: str) -> dict[str, Any]:
        return {
            **dict(zip(self._by, pane.key, strict=True)),
            "window_start": pane.window.start,
            "window_end": pane.window.end,
            "pane_index": pane.pane_index,
            "timing": pane.timing,
            "sign": pane.sign,
            "events": pane.summary.events,
            **dict(zip(self._measures, pane.summary.measures, strict=True)),
            "watermark": pane.watermark,
            BATCH_ID: batch_id,
        }

    def _of_base(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self._unsettled if self.base and row[STEP] == self.base.token and row["kind"] == kind]


def _read_load(row: dict[str, Any]) -> Load:
    return Load(row[BATCH_ID], pa.scalar(row[INGESTED_AT], pa.timestamp("us", tz="UTC")).value)


def _row_count(table: Table) -> int:
    """Return the number of rows of a table, from metadata alone."""
    snapshot = table.current_snapshot()
    return int(snapshot.summary["total-records"] or 0) if snapshot and snapshot.summary else 0


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _load(catalog: Catalog, definition: Definition) -> Table:
    try:
        return catalog.load_table(definition.name)
    except NoSuchTableError as error:
        raise LakehouseError(f"table {definition.name} does not exist: run `lakehouse tables apply`") from error


def _arrow(rows: Iterable[dict[str, Any]], table: Table) -> pa.Table:
    schema = table.schema().as_arrow()
    times = {field.name for field in schema if pa.types.is_timestamp(field.type)}
    least, most = LONGEST_TIMES
    return pa.Table.from_pylist(
        [
            {
                name: min(max(value, least), most) if name in times and isinstance(value, int) else value
                for name, value in row.items()
            }
            for row in rows
        ],
        schema=schema,
    )
