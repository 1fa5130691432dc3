"""Place events in windows. Times are whole microseconds since 1970, UTC; a window contains its start, not its end."""

from datetime import timedelta
from math import gcd
from typing import NamedTuple

from lakehouse.windows.model import Shape, Windows

MICROSECOND = timedelta(microseconds=1)


class Window(NamedTuple):
    """A span of event time."""

    start: int
    end: int


def cell(windows: Windows) -> int:
    """Return the length of the cells of event time whose events are always in the same windows.

    Events of a cell can be added up before they are placed. The cell of a session is one microsecond.
    """
    if windows.shape is Shape.SESSION:
        return 1
    return gcd(windows.size // MICROSECOND, windows.every // MICROSECOND)


def windows_of(time: int, windows: Windows) -> list[Window]:
    """Return the windows of an event, the earliest first; for a session the window of this event alone."""
    size, every = windows.size // MICROSECOND, windows.every // MICROSECOND
    if windows.shape is Shape.SESSION:
        return [Window(time, time + size)]
    newest = time - time % every
    oldest = newest - (size - 1 - time % every) // every * every
    return [Window(start, start + size) for start in range(oldest, newest + 1, every)]
