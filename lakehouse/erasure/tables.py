"""A person's rows removed from an Iceberg table, and from all that the table remembers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from pyiceberg.expressions import NotNull, Reference
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import FileScanTask, Table

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
    """How many rows of a table are a person's."""
    arrow = schema_to_pyarrow(table.schema(), include_field_ids=False)
    rows = (rows for task in _files(table, subject) for rows in read(table, task.file, arrow))
    return sum(pc.sum(subject.mask(part)).as_py() or 0 for part in rows)


def erase(load: Callable[[], Table], subject: Subject) -> int:
    """Remove a person's rows from a table's current state; returns how many.

    Args:
        load: gives the table as it is now.
        subject: whose rows.
    """

    def attempt() -> int:
        table = load()
        groups = ([task] for task in _files(table, subject))
        return rewrite(table, groups, keep=lambda rows: rows.filter(pc.invert(pc.fill_null(subject.mask(rows), False))))

    return retry_on_conflict(attempt, subject=f"{subject.contract.dataset}, erasure")


def forget_past(s3: "S3Client", load: Callable[[], Table]) -> int:
    """Expire every snapshot but the current one, and delete what only they had; returns how many files these were.

    Who reads an older state loses it: there is no other way to be rid of it.
    """
    before = reachable(load())
    what = f"{'.'.join(load().name())}, erasure"
    # Manifests say in which range removed files were, until a commit after the removal leaves them out.
    retry_on_conflict(lambda: _commit_nothing(load()), subject=what)
    retry_on_conflict(lambda: _expire(load()), subject=what)
    doomed = before - reachable(load())
    for uri in doomed:
        delete_all(s3, uri)
    return len(doomed)


def _files(table: Table, subject: Subject) -> list[FileScanTask]:
    """Files that may have a person's rows."""
    scans = [table.scan(row_filter=subject.condition)]
    if RECORD in table.schema().column_names:
        scans.append(table.scan(row_filter=NotNull(term=Reference(name=RECORD))))
    return list({task.file.file_path: task for scan in scans for task in scan.plan_files()}.values())


def _commit_nothing(table: Table) -> None:
    if table.current_snapshot() is not None:
        with table.transaction() as transaction, transaction.update_snapshot().fast_append():
            pass


def _expire(table: Table) -> None:
    named = {reference.snapshot_id for reference in table.refs().values()}
    expire(table, [snapshot.snapshot_id for snapshot in table.snapshots() if snapshot.snapshot_id not in named])
