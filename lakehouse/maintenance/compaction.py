"""Compact the small files of a partition into one file."""

from collections import defaultdict
from collections.abc import Iterable

from pyiceberg.table import FileScanTask, Table

from lakehouse.maintenance.rewriting import rewrite

SMALL_BYTES = 96 * 2**20
"""Files below this size are compacted."""

GROUP_BYTES = 128 * 2**20
"""Most bytes of a compacted file; its rows are streamed through memory, and it is one upload."""

LEAST_FILES = 5
"""A partition with fewer small files is not compacted (Athena's OPTIMIZE has the same threshold)."""


def plan(table: Table) -> list[list[FileScanTask]]:
    """Return groups of small data files; compaction replaces each group by one file."""
    small: dict[str, list[FileScanTask]] = defaultdict(list)
    for task in table.scan().plan_files():
        can_be_rewritten = task.file.spec_id == table.spec().spec_id and not task.delete_files
        if can_be_rewritten and task.file.file_size_in_bytes < SMALL_BYTES:
            small[str(task.file.partition)].append(task)
    return [
        group for files in small.values() if len(files) >= LEAST_FILES for group in _packed(files) if len(group) > 1
    ]


def compact(table: Table) -> None:
    """Replace the small files of each partition by larger ones; the rows stay the same.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    if groups := plan(table):
        rewrite(table, groups)


def _packed(files: Iterable[FileScanTask]) -> list[list[FileScanTask]]:
    """Group files, smallest first, each group up to GROUP_BYTES."""
    groups: list[list[FileScanTask]] = []
    size = GROUP_BYTES
    for task in sorted(files, key=lambda task: task.file.file_size_in_bytes):
        size += task.file.file_size_in_bytes
        if size > GROUP_BYTES:
            groups.append([])
            size = task.file.file_size_in_bytes
        groups[-1].append(task)
    return groups
