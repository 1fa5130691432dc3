"""Panes against windows at rest, which DuckDB computes in SQL from the events that were not too late."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse.contracts.types import INT, TIMESTAMP
from lakehouse.names import Names
from lakehouse.tables import window_views
from lakehouse.windows.machine import Pane, Timing, TooLate
from lakehouse.windows.model import Shape, Windows
from lakehouse.windows.placing import MICROSECOND
from tests.support.contract_builders import column, contract
from tests.support.examples import examples
from tests.support.windows import histories
from tests.support.windows.histories import SECOND, Batch, Event, windows

DUCKDB = duckdb.connect()
DUCKDB.execute("SET threads = 1")
EVENTS = pa.schema(
    [("key", pa.string()), ("time", pa.int64()), ("value", pa.int64()), ("missed", pa.list_(pa.int64()))]
)
PANES = pa.schema(
    [("key", pa.string())]
    + [(name, pa.int64()) for name in ("window_start", "window_end", "pane_index", "sign", "events", "n", "known")]
    + [(name, pa.int64()) for name in ("total", "least", "most")]
)
MEASURES = "count(*), count(*), count(value), sum(value)::int, min(value), max(value)"
AT_REST = {
    Shape.SESSION: """
        WITH marked AS (
            SELECT *, coalesce(time >= lag(time) OVER by_time + {size}, true)::int AS begins
            FROM events WHERE NOT list_contains(missed, time) WINDOW by_time AS (PARTITION BY key ORDER BY time)
        ), numbered AS (SELECT *, sum(begins) OVER (PARTITION BY key ORDER BY time) AS session FROM marked)
        SELECT key, min(time), max(time) + {size}, {measures} FROM numbered GROUP BY key, session
    """,
    Shape.SLIDING: """
        SELECT key, s.start, s.start + {size}, {measures}
        FROM events JOIN (SELECT unnest(range(-200, 200, 1)) * {every} AS start) s
            ON s.start <= time AND time < s.start + {size} AND NOT list_contains(missed, s.start)
        GROUP BY key, s.start
    """,
}
EVENTS_OF = contract(column("time", TIMESTAMP, required=True), column("key"), column("value", INT))
NAMES = Names(environment="dev", account="123456789012", region="eu-central-1")


def at_rest(history: Sequence[Batch], too_late: Sequence[TooLate], windows: Windows) -> list[Any]:
    """Return the windows of all events, without those (event, window) that were too late."""
    missed = Counter(
        (*late.cell.key, late.cell.time // SECOND, late.cell.summary.measures[2], late.window.start // SECOND)
        for late in too_late
    )
    events = []
    for event in (event for batch in history for event in batch):
        pairs = [pair for pair in missed if pair[:3] == event and missed[pair]]
        missed.subtract(pairs)
        events.append([*event, [start for *_, start in pairs]])
    assert not missed.total()
    size, every = ((span // MICROSECOND) // SECOND for span in (windows.size, windows.every))
    sql = AT_REST[Shape.SESSION if windows.shape is Shape.SESSION else Shape.SLIDING]
    return query(sql.format(size=size, every=every, measures=MEASURES), events, EVENTS)


def current(panes: Sequence[Pane], windows: Windows) -> list[Any]:
    """Return the rows of the view of the current values."""
    rows = [
        (*pane.key, *(time // SECOND for time in pane.window), pane.pane_index, pane.sign, *counted)
        for pane in panes
        for counted in [(pane.summary.events, *pane.summary.measures)]
    ]
    [view] = window_views.of_contracts([replace(EVENTS_OF, windows=windows)], names=NAMES)
    return query(re.sub(r'"\w+"."\w+_panes"', "panes", view.sql), rows, PANES)


def query(sql: str, rows: Sequence[Sequence[Any]], schema: pa.Schema) -> list[Any]:
    """Return the rows of a query on one table, `events` or `panes`."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    table = pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema)
    DUCKDB.register("events" if schema is EVENTS else "panes", table)
    return DUCKDB.execute(sql).fetchall()


# An event that still counts overlaps a session that had ended before.
@example([[Event("a", 0, 1)], [Event("b", 5, 1)], [Event("a", 3, 1)]], windows(Shape.SESSION, 4), Random(0))  # noqa: S311
@settings(max_examples=examples(400), deadline=None)
@given(histories.histories, histories.any_windows(), st.randoms(use_true_random=False))
def test_panes_come_to_the_windows_at_rest(history: list[Batch], windows: Windows, random: Any) -> None:
    panes, too_late = histories.run(history, windows, one_each=True)
    flat = [pane for batch in panes for pane in batch]
    assert Counter(current(flat, windows)) == Counter(at_rest(history, too_late, windows))

    # The order of the events of a batch, and whether they were added up before, changes nothing.
    mixed = [random.sample(batch, len(batch)) for batch in history]
    assert histories.run(mixed, windows)[0] == panes

    first_on_time: dict[Any, int] = {}
    for number, pane in enumerate(flat):
        window = (pane.key, pane.window)
        if pane.timing is Timing.ON_TIME and pane.sign > 0:
            assert window not in first_on_time, "two ON_TIME panes"
            first_on_time[window] = number
        if pane.timing is Timing.EARLY and pane.sign > 0:
            assert window not in first_on_time, "EARLY after ON_TIME"
    shown = [(pane.key, pane.window, pane.pane_index) for pane in flat if pane.sign > 0]
    assert len(set(shown)) == len(shown), "an index twice"
