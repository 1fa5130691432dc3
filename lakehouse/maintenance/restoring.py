"""Restore an earlier snapshot of a table as a new commit: history goes on, and the restored state is its last entry."""

import uuid
from datetime import UTC, datetime

from pyiceberg.manifest import write_manifest_list
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.table.update import AddSnapshotUpdate, AssertRefSnapshotId, SetSnapshotRefUpdate

from lakehouse.errors import LakehouseError

RESTORED = "lakehouse.restored-snapshot"
"""Property of a snapshot: the earlier snapshot whose rows it has."""


def time_of(text: str) -> datetime | None:
    """Return the time that a text is in ISO 8601, in UTC if it names no offset; None if it is no time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def snapshot_of(table: Table, when: str) -> Snapshot:
    """Return the snapshot of a table that is named, or that was current at a time.

    Args:
        table: the table.
        when: id of a snapshot, a tag, or a time in ISO 8601; UTC if it names no offset.

    Raises:
        LakehouseError: `when` is none of them, or the table has no such snapshot.
    """
    name = ".".join(table.name())
    if when in table.refs():
        snapshot = table.snapshot_by_name(when)
    elif when.isascii() and when.isdigit():
        snapshot = table.snapshot_by_id(int(when))
    else:
        at = time_of(when)
        if at is None:
            raise LakehouseError(
                f"{when!r} is neither the id of a snapshot nor a tag of {name} nor a time such as "
                "2026-11-30T14:00+01:00"
            )
        earlier = [entry for entry in table.history() if entry.timestamp_ms <= at.timestamp() * 1000]
        snapshot = table.snapshot_by_id(earlier[-1].snapshot_id) if earlier else None
    if snapshot is None:
        kept = sorted(kept_snapshot.timestamp_ms for kept_snapshot in table.snapshots())
        since = f"since {datetime.fromtimestamp(kept[0] / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC" if kept else "none"
        raise LakehouseError(
            f"{name} has no snapshot {when}: its snapshots are kept {since}; earlier ones expired after their "
            "retention, were removed by an erasure, or never existed"
        )
    return snapshot


def restore(table: Table, snapshot: Snapshot) -> None:
    """Commit a snapshot that has the rows of an earlier one.

    Its manifest list is a new file: who expires the earlier snapshot deletes that snapshot's own manifest list.

    Args:
        table: the table, in the state that is replaced.
        snapshot: an earlier snapshot of it.

    Raises:
        CommitFailedException: the table has changed since it was loaded; nothing was changed.
    """
    metadata, current = table.metadata, table.current_snapshot()
    assert current is not None  # a table with an earlier snapshot has a current one
    snapshot_id, sequence_number = metadata.new_snapshot_id(), metadata.next_sequence_number()
    path = table.location_provider().new_metadata_location(f"snap-{snapshot_id}-0-{uuid.uuid4()}.avro")
    with write_manifest_list(
        format_version=metadata.format_version,
        output_file=table.io.new_output(path),
        snapshot_id=snapshot_id,
        parent_snapshot_id=current.snapshot_id,
        sequence_number=sequence_number,
        avro_compression="deflate",
    ) as writer:
        writer.add_manifests(snapshot.manifests(table.io))
    restored = {
        "snapshot-id": snapshot_id,
        "parent-snapshot-id": current.snapshot_id,
        "sequence-number": sequence_number,
        "timestamp-ms": max(int(datetime.now(UTC).timestamp() * 1000), current.timestamp_ms + 1),
        "manifest-list": path,
        "summary": {"operation": Operation.OVERWRITE, RESTORED: str(snapshot.snapshot_id), **_totals(snapshot)},
        "schema-id": metadata.current_schema_id,
    }
    main = {"ref-name": MAIN_BRANCH, "type": SnapshotRefType.BRANCH, "snapshot-id": snapshot_id}
    unchanged = {"ref": MAIN_BRANCH, "snapshot-id": current.snapshot_id}
    table.catalog.commit_table(
        table,
        (AssertRefSnapshotId.model_validate(unchanged),),
        (
            AddSnapshotUpdate(snapshot=Snapshot.model_validate(restored)),
            SetSnapshotRefUpdate.model_validate(main),
        ),
    )


def _totals(snapshot: Snapshot) -> dict[str, str]:
    """Return the totals of a snapshot's summary; what was added and removed belongs to its own commit."""
    properties = snapshot.summary.additional_properties if snapshot.summary else {}
    return {name: value for name, value in properties.items() if name.startswith("total-")}
