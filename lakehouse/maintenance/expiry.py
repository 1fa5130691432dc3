"""Old snapshots are forgotten; the files that only they had are orphans then."""

from datetime import datetime, timedelta

from pyiceberg.table import Table


def plan(table: Table, *, keep_days: int, keep_last: int, now: datetime) -> list[int]:
    """Ids of the snapshots that would be expired, oldest first.

    A snapshot's age counts from the commit that took its place: whoever planned on it while it was the current one has
    all of `keep_days` to read it. Branches and tags keep theirs.

    Args:
        table: the table.
        keep_days: how long a snapshot is kept after its successor's commit.
        keep_last: how many are kept however old they are.
        now: the time.
    """
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    named = {reference.snapshot_id for reference in table.refs().values()}
    oldest = (now - timedelta(days=keep_days)).timestamp() * 1000
    superseded = snapshots[:-keep_last] if keep_last else snapshots
    return [
        snapshot.snapshot_id
        for snapshot, successor in zip(superseded, snapshots[1:], strict=False)
        if successor.timestamp_ms < oldest and snapshot.snapshot_id not in named
    ]


def expire(table: Table, snapshot_ids: list[int]) -> None:
    """Forget snapshots.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    if snapshot_ids:
        table.maintenance.expire_snapshots().by_ids(snapshot_ids).commit()
