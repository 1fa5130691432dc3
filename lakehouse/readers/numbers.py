"""Number the records of an object from which an erasure removed records: each keeps its original number."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import pyarrow as pa

from lakehouse.contracts.columns import SOURCE_ROW


def original_rows(rows: Iterable[int], removed: Sequence[int]) -> list[int]:
    """Return the numbers that records had before others were removed.

    Args:
        rows: their numbers now, from 1.
        removed: the numbers that the removed records had.
    """
    # The n-th removed record (from 0) comes before all records whose number now is at least its own number minus n.
    next_rows = [number - n for n, number in enumerate(sorted(removed))]
    return [row + bisect_right(next_rows, row) for row in rows]


def renumbered(batch: pa.RecordBatch, removed: Sequence[int]) -> pa.RecordBatch:
    """Return a batch with the numbers that its records had before others were removed."""
    rows = pa.array(original_rows(batch[SOURCE_ROW].to_pylist(), removed), pa.int64())
    return batch.set_column(batch.schema.get_field_index(SOURCE_ROW), batch.schema.field(SOURCE_ROW), rows)
