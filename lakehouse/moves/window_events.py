"""Read the events of loads from integration: added up by key and cell of event time, or one by one if they are late."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as fn

from lakehouse.contracts.columns import BATCH_ID, INGESTED_AT, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.tables.windows import type_of
from lakehouse.windows.machine import Cell
from lakehouse.windows.model import Function, Measure, Windows
from lakehouse.windows.placing import MICROSECOND, cell, windows_of
from lakehouse.windows.state import Key
from lakehouse.windows.summary import Summary


class Load(NamedTuple):
    """A batch as it was loaded at one time; a batch that is loaded again can bring further events.

    Attributes:
        batch_id: the batch.
        ingested_at: time of the load, in microseconds since 1970.
    """

    batch_id: str
    ingested_at: int


class LateEvent(NamedTuple):
    """An event that came too late for a window.

    Attributes:
        key: values of the columns in `by`.
        start, end: the window.
        time: event time.
        file, row: where the record is.
        batch_id: batch of the event.
    """

    key: Key
    start: int
    end: int
    time: int
    file: str
    row: int
    batch_id: str


def loads(rows: DataFrame, batch_ids: Sequence[str] | None) -> list[Load]:
    """Return the loads of some batches, or of all, that rows of integration come from."""
    if batch_ids is not None:
        rows = rows.where(fn.col(BATCH_ID).isin(*batch_ids))
    found = rows.select(BATCH_ID, _micros(INGESTED_AT).alias("at")).distinct().collect()
    return sorted(Load(*row) for row in found)


def of_loads(rows: DataFrame, loads: Iterable[Load]) -> DataFrame:
    """Return the rows of some loads."""
    is_one = " OR ".join(f"(`{BATCH_ID}` = '{load.batch_id}' AND _at = {load.ingested_at})" for load in loads)
    return rows.withColumn("_at", _micros(INGESTED_AT)).where(is_one)


def cells(rows: DataFrame, contract: Contract, windows: Windows) -> tuple[list[Cell], int]:
    """Return the events as cells, and the newest event time that may move the watermark."""
    future = windows.future // MICROSECOND
    arrived = f"unix_micros(`{INGESTED_AT}`) + {future}"
    counted = (
        rows.withColumn("_cell", _cell(windows))
        .groupBy(*windows.by, "_cell")
        .agg(
            fn.count(fn.lit(1)).alias("_events"),
            *(_aggregate(measure, contract).alias(f"_{measure.name}") for measure in windows.measures),
            fn.expr(f"max(least(unix_micros(`{windows.time}`), {arrived}))").alias("_newest"),
        )
        .collect()
    )
    keys = len(windows.by)
    found = [Cell(tuple(row[:keys]), row[keys], Summary(row[keys + 1], tuple(row[keys + 2 : -1]))) for row in counted]
    return found, max(row[-1] for row in counted)


def late_events(rows: DataFrame, windows: Windows, *, through: int, watermark: int) -> Iterator[LateEvent]:
    """Yield an event for each window that it came too late for.

    Args:
        rows: the events.
        windows: the windows.
        through: time of the newest cell with such an event; later cells have none.
        watermark: the watermark that judges them.
    """
    passed = watermark - windows.lateness // MICROSECOND
    late = rows.where(_cell(windows) <= through)
    origin = (SOURCE_FILE, SOURCE_ROW, BATCH_ID)
    for *key, time, file, row, batch_id in late.select(*windows.by, _micros(windows.time), *origin).collect():
        for window in windows_of(time, windows):
            if window.end < passed:
                yield LateEvent(tuple(key), *window, time, file, row, batch_id)


def _micros(column: str) -> Column:
    return fn.expr(f"unix_micros(`{column}`)")


def _cell(windows: Windows) -> Column:
    time = f"unix_micros(`{windows.time}`)"
    return fn.expr(f"{time} - pmod({time}, {cell(windows)})")


def _aggregate(measure: Measure, contract: Contract) -> Column:
    column = f"`{measure.column}`" if measure.column else "1"
    if measure.function is Function.SUM:
        column = f"CAST({column} AS {type_of(measure, contract).spark})"
    return fn.expr(f"{measure.function}({column})")
