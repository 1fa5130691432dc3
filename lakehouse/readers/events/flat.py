"""Records of CSV, Parquet and Avro with a column for the operation: add the columns that DMS adds."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from lakehouse.contracts import columns
from lakehouse.contracts.changes import Changes, Path
from lakehouse.readers.arrow_types import as_text
from lakehouse.readers.chunk import Chunk
from lakehouse.readers.events import values
from lakehouse.readers.events.columns import COMMIT_TIME, OPERATION, SEQUENCE
from lakehouse.readers.values import RejectedError


def with_changes(chunk: Chunk, changes: Changes) -> Chunk:
    """Return a chunk with operation, commit time and change sequence of each record; without a value, the reason.

    Args:
        chunk: records in columns.
        changes: form of the records, which are flat.
    """
    reasons: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    count = len(chunk.rows)

    def texts(path: Path | None) -> list[str | None]:
        array = chunk.columns.get(path[0]) if path else None
        return [None] * count if array is None else as_text(array).to_pylist()

    def kept(column: str, value: Callable[[int], str | None]) -> pa.Array:
        found: list[str | None] = []
        for position in range(count):
            try:
                found.append(value(position))
            except RejectedError as error:
                found.append(None)
                reasons[position].append((column, str(error)))
        return pa.array(found, type=pa.string())

    words, times = texts(changes.operation), texts(changes.time)
    orders = [texts(order.path) for order in changes.order]
    added = {
        OPERATION: kept(columns.OPERATION, lambda i: values.operation(words[i], changes)),
        COMMIT_TIME: kept(columns.COMMIT_TIMESTAMP, lambda i: values.commit_time(times[i], changes)),
        SEQUENCE: kept(
            columns.CHANGE_SEQUENCE,
            lambda i: values.sequence([order[i] for order in orders], changes, is_load=words[i] in changes.loads),
        ),
    }
    return replace(chunk, columns=chunk.columns | added, reasons=reasons)
