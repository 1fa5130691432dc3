"""Expire old snapshots; files that only these snapshots used become orphan files."""

from datetime import datetime, timedelta

from pyiceberg.table import Table


def plan(table: Table, *, keep_days: int, keep_last: int, now: datetime) -> list[int]:
    """Return the ids of the snapshots that are due to expire, oldest first.

    The age of a snapshot counts from the commit of its successor, so a query that started on the current snapshot can
    read it for `keep_days`. Snapshots of branches and tags are kept.

    Args:
        table: the table.
        keep_days: days for which a snapshot is kept after its successor's commit.
        keep_last: number of latest snapshots that are always kept.
        now: current time.
    """
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    referenced = {reference.snapshot_id for reference in table.refs().values()}
    oldest = (now - timedelta(days=keep_days)).timestamp() * 1000
    superseded = snapshots[:-keep_last] if keep_last else snapshots
    return [
        snapshot.snapshot_id
        for snapshot, successor in zip(superseded, snapshots[1:], strict=False)
        if successor.timestamp_ms < oldest and snapshot.snapshot_id not in referenced
    ]


def expire(table: Table, snapshot_ids: list[int]) -> None:
    """Remove snapshots from the table's metadata.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    if snapshot_ids:
        table.maintenance.expire_snapshots().by_ids(snapshot_ids).commit()
