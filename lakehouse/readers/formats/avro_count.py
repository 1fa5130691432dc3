"""Count the values of an Avro record while fastavro reads it, and drop those beyond the limit as they are read."""

import threading
from typing import Any

import fastavro.read

from lakehouse.readers.chunk import MAX_VALUES

LOGICAL_TYPE = "lakehouse-counted"
"""Name by which fastavro calls `_counted` for each record, array and map."""

CONTAINERS = ("record", "error", "array", "map")


class _Tally(threading.local):
    count = 0


_tally = _Tally()


def count_values() -> None:
    """Make fastavro count what has the logical type `LOGICAL_TYPE`."""
    fastavro.read.LOGICAL_READERS.update({f"{kind}-{LOGICAL_TYPE}": _counted for kind in CONTAINERS})


def taken() -> int:
    """Return how many values the last record has; the next count begins at 0."""
    count, _tally.count = _tally.count, 0
    return count


def _counted(value: Any, *_: object) -> Any:
    _tally.count += max(len(value), 1)
    # A record with too many is rejected; without its values it takes no memory, and the next one can be read.
    return value if _tally.count <= MAX_VALUES else None
