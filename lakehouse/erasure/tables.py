"""Remove a person's rows from an Iceberg table and from all its older snapshots."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from pyiceberg.expressions import NotNull, Reference
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType

from lakehouse.contracts.columns import RECORD
from lakehouse.engine.commit_conflicts import retry_on_conflict
from lakehouse.erasure.subject import Subject
from lakehouse.erasure.versions import delete_all
from lakehouse.maintenance.expiry import expire
from lakehouse.maintenance.reachable import reachable
from lakehouse.maintenance.rewriting import read, rewrite

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def count(table: Table, subject: Subject) -> int:
    """Return the number of a person's rows in a table."""
    arrow = schema_to_pyarrow(table.schema(), include_field_ids=False)
    parts = (rows for task in _files(table, subject) for rows in read(table, task.file, arrow))
    return sum(pc.sum(subject.mask(rows)).as_py() or 0 for rows in parts)


def erase(load: Callable[[], Table], subject: Subject) -> int:
    """Remove a person's rows from the current snapshot of a table.

    Args:
        load: loads the current state of the table.
        subject: the rows to remove.

    Returns:
        the number of removed rows.
    """

    def attempt() -> int:
        table = load()
        groups = ([task] for task in _files(table, subject))
        return rewrite(table, groups, keep=lambda rows: rows.filter(pc.invert(pc.fill_null(subject.mask(rows), False))))

    return retry_on_conflict(attempt, subject=f"{subject.contract.dataset}, erasure")


def expire_history(s3: "S3Client", load: Callable[[], Table]) -> int:
    """Expire every snapshot but the current one, and delete the files that only those snapshots used.

    A query that is reading an older snapshot fails: there is no other way to remove the person from it.

    Returns:
        the number of deleted files.
    """
    before = reachable(load())
    what = f"{'.'.join(load().name())}, erasure"
    # Manifests keep the value ranges of removed files until the first commit after the removal.
    retry_on_conflict(lambda: _commit_nothing(load()), subject=what)
    retry_on_conflict(lambda: _expire(load()), subject=what)
    unreachable = before - reachable(load())
    for uri in unreachable:
        delete_all(s3, uri)
    return len(unreachable)


def _files(table: Table, subject: Subject) -> list[FileScanTask]:
    """Return the data files that may contain a person's rows."""
    scans = [table.scan(row_filter=subject.condition)]
    if RECORD in table.schema().column_names:
        scans.append(table.scan(row_filter=NotNull(term=Reference(name=RECORD))))
    return list({task.file.file_path: task for scan in scans for task in scan.plan_files()}.values())


def _commit_nothing(table: Table) -> None:
    if table.current_snapshot() is not None:
        with table.transaction() as transaction, transaction.update_snapshot().fast_append():
            pass


def _expire(table: Table) -> None:
    named = {name: reference for name, reference in table.refs().items() if name != MAIN_BRANCH}
    if named:  # tags and branches would keep snapshots with the person
        with table.manage_snapshots() as names:
            for name, reference in named.items():
                is_tag = reference.snapshot_ref_type is SnapshotRefType.TAG
                (names.remove_tag if is_tag else names.remove_branch)(name)
    current = table.metadata.current_snapshot_id
    expire(table, [snapshot.snapshot_id for snapshot in table.snapshots() if snapshot.snapshot_id != current])
