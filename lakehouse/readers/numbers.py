"""Numbers of records in an object of which some were taken out: each keeps the one that it had when it arrived."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import pyarrow as pa

from lakehouse.contracts.columns import SOURCE_ROW


def original_rows(rows: Iterable[int], removed: Sequence[int]) -> list[int]:
    """The numbers that records had before others were taken out.

    Args:
        rows: their numbers now, from 1.
        removed: the numbers that those others had.
    """
    # A record is after a removed one if its number now is no less than that one would have among the kept ones.
    places = [gone - before for before, gone in enumerate(sorted(removed))]
    return [row + bisect_right(places, row) for row in rows]


def renumbered(batch: pa.RecordBatch, removed: Sequence[int]) -> pa.RecordBatch:
    """Rows with the numbers that their records had before others were taken out."""
    rows = pa.array(original_rows(batch[SOURCE_ROW].to_pylist(), removed), pa.int64())
    return batch.set_column(batch.schema.get_field_index(SOURCE_ROW), batch.schema.field(SOURCE_ROW), rows)
