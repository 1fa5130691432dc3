"""Random histories of events for windows, and the machine's answer to them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from lakehouse.windows import state, summary
from lakehouse.windows.machine import Cell, Machine, Pane, TooLate
from lakehouse.windows.model import Accumulation, Function, Measure, Shape, Windows
from lakehouse.windows.placing import cell
from lakehouse.windows.summary import Summary

MEASURES = (
    Measure(name="n", function=Function.COUNT, column=None),
    Measure(name="known", function=Function.COUNT, column="value"),
    Measure(name="total", function=Function.SUM, column="value"),
    Measure(name="least", function=Function.MIN, column="value"),
    Measure(name="most", function=Function.MAX, column="value"),
)


class Event(NamedTuple):
    """An event; its time is in seconds, so that histories are easy to read."""

    key: str | None
    time: int
    value: int | None


Batch = Sequence[Event]
SECOND = 10**6


def windows(shape: Shape, size: int, every: int | None = None, **settings: Any) -> Windows:
    durations = {
        name: timedelta(seconds=settings.pop(name)) for name in ("delay", "lateness", "future") if name in settings
    }
    return Windows(
        time="time",
        shape=shape,
        size=timedelta(seconds=size),
        every=timedelta(seconds=every or size),
        by=("key",),
        measures=MEASURES,
        **{"accumulation": Accumulation.ACCUMULATE, **settings},
        **durations,
    )


@st.composite
def any_windows(draw: st.DrawFn) -> Windows:
    shape, size, every = draw(
        st.sampled_from([(Shape.FIXED, 10, 10), (Shape.SLIDING, 10, 5), (Shape.SLIDING, 10, 4), (Shape.SESSION, 4, 4)])
    )
    delay = draw(st.sampled_from([0, 0, 3]))
    return windows(
        shape,
        size,
        every,
        delay=delay,
        lateness=delay + draw(st.sampled_from([0, 5, 12])),
        early=draw(st.sampled_from([None, 1, 2, 3])),
        accumulation=draw(st.sampled_from(Accumulation)),
    )


_EVENT = st.builds(Event, st.sampled_from(["a", "b", None]), st.integers(-12, 60), st.none() | st.integers(-5, 5))
histories = st.lists(st.lists(_EVENT, min_size=1, max_size=5), min_size=1, max_size=10)


def cells(batch: Batch, windows: Windows, *, one_each: bool = False) -> list[Cell]:
    """Return the events of a batch as cells: added up as far as possible, or each event on its own."""
    functions = [measure.function for measure in windows.measures]
    length = cell(windows)
    found: dict[Any, list[Summary]] = {}
    for number, event in enumerate(batch):
        time = event.time * SECOND
        one = Summary(1, (1, int(event.value is not None), event.value, event.value, event.value))
        place = (event.key, time, number) if one_each else (event.key, time - time % length, 0)
        found.setdefault(place, []).append(one)
    return [Cell((key,), time, summary.add(parts, functions)) for (key, time, _), parts in found.items()]


def run(history: Sequence[Batch], windows: Windows, **how: bool) -> tuple[list[list[Pane]], list[TooLate]]:
    """Return the panes of each batch and of the end of time; the machine begins each batch from stored text."""
    kept: list[str] = []
    watermark = None
    panes: list[list[Pane]] = []
    too_late: list[TooLate] = []
    for batch in history:
        machine = Machine(windows, state=map(state.read, kept), watermark=watermark)
        newest = max(event.time for event in batch) * SECOND
        found, late = machine.take(cells(batch, windows, **how), newest=newest)
        panes.append(found)
        too_late += late
        kept = [state.write(at, one, key) for key, opened in machine.open.items() for at, one in opened.items()]
        watermark = machine.watermark
    machine = Machine(windows, state=map(state.read, kept), watermark=watermark)
    return [*panes, machine.advance(10**15)], too_late
