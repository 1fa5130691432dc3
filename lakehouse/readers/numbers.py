"""Numbers of records in an object of which some were taken out: each keeps the one that it had when it arrived."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from lakehouse.columns import SOURCE_ROW


def original_rows(rows: Iterable[int], removed: Sequence[int]) -> list[int]:
    """The numbers that records had before others were taken out.

    Args:
        rows: their numbers now, from 1.
        removed: the numbers that those others had.
    """
    found = []
    for row in rows:
        original = row
        for gone in sorted(removed):
            original += gone <= original
        found.append(original)
    return found


def renumbered(batch: pa.RecordBatch, removed: Sequence[int]) -> pa.RecordBatch:
    """Rows with the numbers that their records had before others were taken out."""
    rows = pa.array(
        [None if row is None else original_rows([row], removed)[0] for row in batch[SOURCE_ROW].to_pylist()], pa.int64()
    )
    return batch.set_column(batch.schema.get_field_index(SOURCE_ROW), batch.schema.field(SOURCE_ROW), rows)
