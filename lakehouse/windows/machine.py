"""The pane machine: from a batch of events and the state before it to panes, too-late events and the state after it.

The events of a batch are judged by the watermark before the batch. Then the watermark advances, and windows that it
passes get their ON_TIME pane. The same batch on the same state always gives the same panes.

Source: Akidau et al., "The Dataflow Model", VLDB 2015; Apache Beam programming guide, "Triggers".
docs/decisions/216-where-panes-differ-from-beam.md lists the differences from Beam.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from lakehouse.windows import summary
from lakehouse.windows.model import Accumulation, Shape, Windows
from lakehouse.windows.placing import MICROSECOND, Window, windows_of
from lakehouse.windows.state import Key, Open, Standing
from lakehouse.windows.summary import Summary


class Timing(StrEnum):
    """When a pane came, compared with the watermark and the end of its window."""

    EARLY = "EARLY"
    ON_TIME = "ON_TIME"
    LATE = "LATE"


class Cell(NamedTuple):
    """Events of a key at one place in event time (`placing.cell`)."""

    key: Key
    time: int
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One result of a window.

    Attributes:
        key: values of the columns in `by`.
        window: the window.
        pane_index: number of the pane in its window, from 0; with sign -1 the pane that is taken back.
        timing: why the pane came.
        sign: 1, or -1 for a pane that takes back what was said before.
        summary: events and measures.
        watermark: the watermark at which the pane came; None before the first event.
    """

    key: Key
    window: Window
    pane_index: int
    timing: Timing
    sign: int
    summary: Summary
    watermark: int | None


@dataclass(frozen=True, slots=True)
class TooLate:
    """Events that came too late for a window."""

    cell: Cell
    window: Window


class Machine:
    """Windows of one dataset.

    Attributes:
        open: windows that can still change, by key.
        watermark: event time up to which all events are assumed to have come; None before the first event.
    """

    def __init__(
        self, windows: Windows, *, state: Iterable[tuple[Key, Window, Open]] = (), watermark: int | None = None
    ) -> None:
        """Continue from a state."""
        self._windows = windows
        self._functions = [measure.function for measure in windows.measures]
        self._lateness = windows.lateness // MICROSECOND
        self.watermark = watermark
        self.open: dict[Key, dict[Window, Open]] = {}
        for key, window, opened in state:
            self.open.setdefault(key, {})[window] = opened

    def take(self, cells: Iterable[Cell], *, newest: int) -> tuple[list[Pane], list[TooLate]]:
        """Take one batch of events.

        Args:
            cells: the events.
            newest: newest event time of the batch that may move the watermark.

        Returns:
            panes and too-late events, in an order that does not depend on the order of the cells.
        """
        too_late: list[TooLate] = []
        touched: dict[Key, set[Window]] = {}
        for cell in sorted(cells, key=_order):
            for window in windows_of(cell.time, self._windows):
                if self._has_passed(window.end + self._lateness):
                    too_late.append(TooLate(cell, window))
                else:
                    touched.setdefault(cell.key, set()).add(window)
                    opened = self._opened(cell.key, window)
                    opened.new = self._add(opened.new, cell.summary)
        panes = [
            pane
            for key, windows in touched.items()
            for window in sorted(self._merged(key, windows))
            for pane in self._by_events(key, window)
        ]
        watermark = newest - self._windows.delay // MICROSECOND
        panes += self.advance(watermark if self.watermark is None else max(watermark, self.watermark))
        return panes, too_late

    def advance(self, watermark: int) -> list[Pane]:
        """Move the watermark on, and return the ON_TIME panes of the windows that it passes."""
        before, self.watermark = self.watermark, watermark
        due = [
            (window.end, _key_order(key), window.start, key, window)
            for key, windows in self.open.items()
            for window in windows
            if window.end <= watermark and (before is None or before < window.end)
        ]
        panes = [pane for *_, key, window in sorted(due) for pane in self._fire(key, window, Timing.ON_TIME)]
        # A session is kept for as long as an event that still counts can be within it.
        kept = self._lateness + (self._windows.size // MICROSECOND if self._windows.shape is Shape.SESSION else 0)
        for key, windows in list(self.open.items()):
            self.open[key] = {window: found for window, found in windows.items() if watermark <= window.end + kept}
            if not self.open[key]:
                del self.open[key]
        return panes

    def _has_passed(self, time: int) -> bool:
        return self.watermark is not None and self.watermark > time

    def _opened(self, key: Key, window: Window) -> Open:
        return self.open.setdefault(key, {}).setdefault(window, Open(summary.empty(self._functions)))

    def _add(self, *summaries: Summary) -> Summary:
        return summary.add(summaries, self._functions)

    def _merged(self, key: Key, touched: set[Window]) -> set[Window]:
        """Merge the sessions of a key that overlap; return the windows that have new events."""
        if self._windows.shape is not Shape.SESSION:
            return touched
        groups: list[list[Window]] = []
        end = 0
        for window in sorted(self.open[key]):
            if not groups or window.start >= end:
                groups.append([])
                end = window.end
            groups[-1].append(window)
            end = max(end, window.end)
        changed = set()
        for group in groups:
            whole = Window(group[0].start, max(window.end for window in group))
            if not touched.isdisjoint(group):
                changed.add(whole)
            if len(group) == 1:
                continue
            parts = {window: self.open[key].pop(window) for window in group}
            self.open[key][whole] = Open(
                self._add(*(part.new for part in parts.values())),
                parts[whole].panes if whole in parts else 0,
                {at: standing for part in parts.values() for at, standing in part.standing.items()},
            )
        return changed

    def _by_events(self, key: Key, window: Window) -> list[Pane]:
        """Return the panes that new events of a window cause."""
        if self.watermark is not None and self.watermark >= window.end:
            return self._fire(key, window, Timing.LATE)
        early = self._windows.early
        is_due = early is not None and self.open[key][window].new.events >= early
        return self._fire(key, window, Timing.EARLY) if is_due else []

    def _fire(self, key: Key, window: Window, timing: Timing) -> list[Pane]:
        opened = self.open[key][window]
        swallowed = {at: found for at, found in opened.standing.items() if at != window}
        whole = self._add(*(found.summary for found in opened.standing.values()), opened.new)
        taken_back = opened.standing if self._windows.accumulation is Accumulation.RETRACT else swallowed
        content = whole
        if self._windows.accumulation is Accumulation.DISCARD:
            content = self._add(*(found.summary for found in swallowed.values()), opened.new)
        index = opened.panes
        pane = partial(Pane, key=key, timing=timing, watermark=self.watermark)
        panes = [
            pane(window=at, pane_index=found.pane_index, sign=-1, summary=found.summary)
            for at, found in sorted(taken_back.items())
        ]
        panes.append(pane(window=window, pane_index=index, sign=1, summary=content))
        self.open[key][window] = Open(summary.empty(self._functions), index + 1, {window: Standing(index, whole)})
        return panes


def _order(cell: Cell) -> tuple[object, ...]:
    return (_key_order(cell.key), cell.time)


def _key_order(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, str(value)) for value in key)
