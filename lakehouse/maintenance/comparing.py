"""Compare two snapshots of a table by key; only files that one of them lacks are read."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot

_ROW = "__row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Rows of the current snapshot against those of another.

    Attributes:
        added: rows whose key only the other snapshot has.
        removed: rows whose key only the current snapshot has.
        changed: rows of one key that differ; None if the table has no key: then a changed row is one that is removed
            and one that is added.
    """

    added: int
    removed: int
    changed: int | None

    @property
    def is_empty(self) -> bool:
        """Whether both snapshots have the same rows."""
        return not (self.added or self.removed or self.changed)


def difference(table: Table, snapshot: Snapshot) -> Difference:
    """Return how the rows of a table would change if it had an earlier snapshot again.

    Memory: the rows of the files that only one of the two snapshots has.

    Args:
        table: the table.
        snapshot: the earlier snapshot.
    """
    now = _files(table, None)
    then = _files(table, snapshot.snapshot_id)
    mine = _rows(table, [task for path, task in now.items() if path not in then])
    other = _rows(table, [task for path, task in then.items() if path not in now])
    key = [table.schema().find_column_name(field) for field in table.schema().identifier_field_ids]
    if not key:
        return _without_key(mine, other)
    keys = [name for name in key if name is not None]
    both = _keys(mine, keys).join(_keys(other, keys), keys, join_type="full outer", right_suffix="_other")
    left, right = both[_ROW], both[f"{_ROW}_other"]
    matched = both.filter(pc.and_(pc.is_valid(left), pc.is_valid(right)))
    return Difference(
        added=left.null_count,
        removed=right.null_count,
        changed=_differing(mine.take(matched[_ROW]), other.take(matched[f"{_ROW}_other"])),
    )


def _files(table: Table, snapshot_id: int | None) -> dict[tuple[object, ...], FileScanTask]:
    """Return the data files of a snapshot, by path and by the delete files that apply to them."""
    tasks = table.scan(snapshot_id=snapshot_id).plan_files()
    return {(task.file.file_path, *sorted(file.file_path for file in task.delete_files)): task for task in tasks}


def _rows(table: Table, tasks: list[FileScanTask]) -> pa.Table:
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    return scan.to_table(tasks)


def _keys(rows: pa.Table, keys: list[str]) -> pa.Table:
    return rows.select(keys).append_column(_ROW, pa.array(range(len(rows)), pa.int64()))


def _differing(mine: pa.Table, other: pa.Table) -> int:
    """Return the number of rows that differ in a column; null equals null, and NaN equals NaN."""
    differs = pa.repeat(pa.scalar(False), len(mine))
    for name in mine.column_names:
        differs = pc.or_(differs, _distinct(mine[name].combine_chunks(), other[name].combine_chunks()))
    return pc.sum(differs).as_py() or 0


def _distinct(mine: pa.Array, other: pa.Array) -> pa.Array:
    if pa.types.is_nested(mine.type):
        pairs = zip(mine.to_pylist(), other.to_pylist(), strict=True)
        return pa.array([repr(one) != repr(another) for one, another in pairs], pa.bool_())
    differs = pc.fill_null(pc.not_equal(mine, other), False)
    if pa.types.is_floating(mine.type):
        both_nan = pc.and_(pc.fill_null(pc.is_nan(mine), False), pc.fill_null(pc.is_nan(other), False))
        differs = pc.and_(differs, pc.invert(both_nan))
    return pc.or_(differs, pc.xor(pc.is_null(mine), pc.is_null(other)))


def _without_key(mine: pa.Table, other: pa.Table) -> Difference:
    """Compare rows as a whole, each as often as it occurs."""
    counts: dict[str, int] = {}
    for rows, step in ((mine, -1), (other, 1)):
        for row in rows.to_pylist():
            text = repr(row)
            counts[text] = counts.get(text, 0) + step
    added = sum(count for count in counts.values() if count > 0)
    removed = -sum(count for count in counts.values() if count < 0)
    return Difference(added=added, removed=removed, changed=None)
