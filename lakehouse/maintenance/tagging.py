"""Tags: names of snapshots that expiry keeps until the tag is deleted, or an erasure removes it."""

import re

from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot

from lakehouse.errors import LakehouseError
from lakehouse.maintenance.restoring import time_of
from lakehouse.names import RELEASE_ID

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def check_name(name: str) -> None:
    """Check the name of a tag.

    Raises:
        LakehouseError: it is not one, or could be a release, a time or a branch.
    """
    if not NAME.fullmatch(name) or RELEASE_ID.fullmatch(name) or name == MAIN_BRANCH or time_of(name) is not None:
        raise LakehouseError(
            f"{name!r} cannot be a tag: expected a lower-case letter, then up to 62 letters, digits, - or _, and not "
            f"{MAIN_BRANCH} or the form of a release's id; for example before-migration"
        )


def tag(table: Table, name: str, snapshot: Snapshot) -> bool:
    """Name a snapshot; return False if it has this name already.

    Raises:
        LakehouseError: the name is not one, or another snapshot of the table has it.
        CommitFailedException: the table has changed since it was loaded.
    """
    check_name(name)
    if existing := table.refs().get(name):
        if existing.snapshot_id == snapshot.snapshot_id:
            return False
        raise LakehouseError(
            f"{'.'.join(table.name())} has a tag {name} on snapshot {existing.snapshot_id}: delete it (--delete), "
            "or use another name"
        )
    table.manage_snapshots().create_tag(snapshot.snapshot_id, name).commit()
    return True


def untag(table: Table, name: str) -> None:
    """Remove a tag; its snapshot expires as all others.

    Raises:
        LakehouseError: the table has no such tag.
        CommitFailedException: the table has changed since it was loaded.
    """
    existing = table.refs().get(name)
    if existing is None or existing.snapshot_ref_type is not SnapshotRefType.TAG:
        tags = [known for known, one in table.refs().items() if one.snapshot_ref_type is SnapshotRefType.TAG]
        raise LakehouseError(f"{'.'.join(table.name())} has no tag {name}; it has {', '.join(sorted(tags)) or 'none'}")
    table.manage_snapshots().remove_tag(name).commit()
