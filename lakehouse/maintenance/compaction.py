"""Small files of a partition become one."""

from collections import defaultdict
from collections.abc import Iterable

from pyiceberg.table import FileScanTask, Table

from lakehouse.maintenance.rewriting import rewrite

SMALL_BYTES = 96 * 2**20
"""A file of less is worth to be written again with others."""

GROUP_BYTES = 128 * 2**20
"""Files are put together up to this size: a group's rows pass through memory by batches, its file is one upload."""

LEAST_FILES = 5
"""A partition with fewer small files is left as it is (Athena's OPTIMIZE has the same threshold)."""


def plan(table: Table) -> list[list[FileScanTask]]:
    """Groups of small data files that compaction would make one file each."""
    small: dict[str, list[FileScanTask]] = defaultdict(list)
    for task in table.scan().plan_files():
        known = task.file.spec_id == table.spec().spec_id and not task.delete_files
        if known and task.file.file_size_in_bytes < SMALL_BYTES:
            small[str(task.file.partition)].append(task)
    return [
        group for files in small.values() if len(files) >= LEAST_FILES for group in _packed(files) if len(group) > 1
    ]


def compact(table: Table) -> None:
    """Write the small files of each partition as one; the rows stay the same.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    if groups := plan(table):
        rewrite(table, groups)


def _packed(files: Iterable[FileScanTask]) -> list[list[FileScanTask]]:
    """Files in groups, each up to GROUP_BYTES."""
    groups: list[list[FileScanTask]] = []
    size = GROUP_BYTES
    for task in sorted(files, key=lambda task: task.file.file_size_in_bytes):
        size += task.file.file_size_in_bytes
        if size > GROUP_BYTES:
            groups.append([])
            size = task.file.file_size_in_bytes
        groups[-1].append(task)
    return groups
