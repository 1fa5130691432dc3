"""Tables of orders in partitions of a million rows, and batches of changes to them; made once, always alike."""

from dataclasses import replace
from pathlib import Path

from benchmarks import changes
from lakehouse.contracts.model import Partition

MILLION = 1_000_000
CONTRACT = replace(changes.CONTRACT, partitions=(Partition(column="order_id", transform=f"truncate[{MILLION}]"),))
LOCAL, SPREAD = "the last million", "all rows"


def rows(number: int) -> Path:
    """Parquet of the table's partition of that number."""
    first = number * MILLION
    return changes.made(f"rows-{number:03}.parquet", changes.loaded_rows(first, first + MILLION))


def batch_id(*, size: int, over: str) -> str:
    """Id of the batch of that many changes over these rows."""
    return f"orders-{size + (over == SPREAD):08d}"


def batch(*, millions: int, size: int, over: str) -> Path:
    """Parquet of a batch of raw: of ten changes seven update, one deletes and two insert.

    Args:
        millions: rows of the table, in millions.
        size: number of changes.
        over: where the rows are that it updates and deletes.
    """
    most = millions * MILLION
    found = most - MILLION if over == LOCAL else 0
    return changes.made(
        f"batch-{millions}-{size}-{over.replace(' ', '-')}.parquet",
        changes.changed_rows(size, low=found, high=most, batch_id=batch_id(size=size, over=over)),
    )
