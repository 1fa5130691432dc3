"""Windows of an event dataset: where in event time its events are added up, when results come, how they relate.

Source: Akidau et al., "The Dataflow Model", VLDB 2015: what is computed, where in event time, when in processing time,
and how refinements relate.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Shape(StrEnum):
    """Where in event time the windows are."""

    FIXED = "fixed"
    """One after the other, from midnight of 1970-01-01 UTC."""
    SLIDING = "sliding"
    """A window of `size` begins at each multiple of `every`."""
    SESSION = "session"
    """From an event until no other has come for `size`; each `by` has its own sessions."""


class Accumulation(StrEnum):
    """How the panes of one window relate."""

    DISCARD = "discard"
    """A pane has what is new since the pane before it; the panes of a window add up."""
    ACCUMULATE = "accumulate"
    """A pane has all events of its window so far; it replaces the pane before it."""
    RETRACT = "accumulate_and_retract"
    """As `accumulate`, after a row with sign -1 that takes the pane before it back; the rows of a window add up."""


class Late(StrEnum):
    """When a window has panes after its ON_TIME pane."""

    EACH = "each"
    """For each batch that brings events of it."""


class Function(StrEnum):
    """An aggregate that can be computed from the aggregates of parts."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure of a window.

    Attributes:
        name: name of its column.
        function: the aggregate.
        column: the column that it aggregates; None for `count(*)`.
    """

    name: str
    function: Function
    column: str | None

    def __str__(self) -> str:
        return f"{self.name}: {self.function}({self.column or '*'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The windows of a dataset (custom property `windows`).

    Attributes:
        time: column of the event time.
        shape: where the windows are.
        size: length of a fixed or sliding window, or gap that ends a session.
        every: distance between the starts of sliding windows; equal to `size` for the others.
        by: columns whose values have windows of their own; empty for windows of all events.
        measures: what is computed.
        delay: how far the watermark stays behind the newest event time.
        lateness: how far the watermark may have passed the end of a window when an event of it still counts.
        future: how far the event time may be ahead of the arrival to move the watermark.
        early: number of new events from which a window has an EARLY pane; None for no early panes.
        late: when a window has LATE panes.
        accumulation: how the panes of one window relate.
    """

    time: str
    shape: Shape
    size: timedelta
    every: timedelta
    by: tuple[str, ...] = ()
    measures: tuple[Measure, ...]
    delay: timedelta = timedelta()
    lateness: timedelta = timedelta()
    future: timedelta = timedelta()
    early: int | None = None
    late: Late = Late.EACH
    accumulation: Accumulation

    def __str__(self) -> str:
        """Return all settings; the panes of other settings cannot be continued."""
        shape = f"{self.shape} of {self.size}" + (f" every {self.every}" if self.shape is Shape.SLIDING else "")
        return (
            f"{shape} on {self.time} by {', '.join(self.by) or 'nothing'}; {', '.join(map(str, self.measures))}; "
            f"delay {self.delay}, lateness {self.lateness}, future {self.future}; "
            f"early {self.early or 'never'}, late {self.late}; {self.accumulation}"
        )
