"""The state of windows between two batches, and its text."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lakehouse.windows.placing import Window
from lakehouse.windows.summary import Summary, Value

Key = tuple[Value, ...]
"""Values of the columns in `by`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What readers know of a window: all events of its panes, and the index of the last one."""

    pane_index: int
    summary: Summary


@dataclass(slots=True)
class Open:
    """A window that can still get events or panes.

    Attributes:
        new: summary of the events since its last pane.
        panes: number of its panes.
        standing: by window, what readers know of it and of the sessions that it swallowed since its last pane.
    """

    new: Summary
    panes: int = 0
    standing: dict[Window, Standing] = field(default_factory=dict)


def write(window: Window, opened: Open, key: Key) -> str:
    """Return a window of a key as text."""
    standing = [[*at, one.pane_index, _summary(one.summary)] for at, one in sorted(opened.standing.items())]
    parts = [list(map(to_json, key)), *window, _summary(opened.new), opened.panes, standing]
    return json.dumps(parts, separators=(",", ":"))


def read(text: str) -> tuple[Key, Window, Open]:
    """Return the window of a key from its text."""
    key, start, end, new, panes, standing = json.loads(text)
    known = {Window(a, b): Standing(index, _read_summary(found)) for a, b, index, found in standing}
    return tuple(map(from_json, key)), Window(start, end), Open(_read_summary(new), panes, known)


def _summary(summary: Summary) -> list[Any]:
    return [summary.events, *map(to_json, summary.measures)]


def _read_summary(parts: list[Any]) -> Summary:
    return Summary(parts[0], tuple(map(from_json, parts[1:])))


_READ: dict[str, Callable[[str], Value]] = {"decimal": Decimal, "date": date.fromisoformat}


def to_json(value: Value) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    return ["date", value.isoformat()] if isinstance(value, date) else value


def from_json(value: Any) -> Value:
    """Return a value from what `to_json` made of it."""
    return _READ[value[0]](value[1]) if isinstance(value, list) else value
