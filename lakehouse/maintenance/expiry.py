"""Expire old snapshots; files that only these snapshots used become orphan files."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from pyiceberg.table import Table

NO_RELEASE: Mapping[int, datetime] = MappingProxyType({})


def plan(
    table: Table, *, keep_days: int, keep_last: int, now: datetime, released: Mapping[int, datetime] = NO_RELEASE
) -> list[int]:
    """Return the ids of the snapshots that are due to expire, oldest first.

    The age of a snapshot counts from the commit of its successor, so a query that started on the current snapshot can
    read it for `keep_days`. So can a reader of a release that names it. Snapshots of branches and tags are kept.

    Args:
        table: the table.
        keep_days: days for which a snapshot is kept after its successor's commit.
        keep_last: number of latest snapshots that are always kept.
        now: current time.
        released: time of the last release that names a snapshot.
    """
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    kept = {reference.snapshot_id for reference in table.refs().values()}
    kept |= {snapshot for snapshot, at in released.items() if at >= now - timedelta(days=keep_days)}
    oldest = (now - timedelta(days=keep_days)).timestamp() * 1000
    superseded = snapshots[:-keep_last] if keep_last else snapshots
    return [
        snapshot.snapshot_id
        for snapshot, successor in zip(superseded, snapshots[1:], strict=False)
        if successor.timestamp_ms < oldest and snapshot.snapshot_id not in kept
    ]


def expire(table: Table, snapshot_ids: list[int]) -> None:
    """Remove snapshots from the table's metadata.

    Raises:
        CommitFailedException: the table has changed since it was loaded.
    """
    if snapshot_ids:
        table.maintenance.expire_snapshots().by_ids(snapshot_ids).commit()
