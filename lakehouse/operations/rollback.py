"""Roll tables back to an earlier state: what that changes, the commit, and its record in `ops.batches`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lakehouse.batches import attempts
from lakehouse.batches.attempts import ROLLED_BACK, TO_REPLAY, Attempt
from lakehouse.comparison.difference import Difference, difference
from lakehouse.comparison.states import State
from lakehouse.engine.catalog import load_named
from lakehouse.errors import LakehouseError
from lakehouse.lineage import record
from lakehouse.lineage.rollbacks import rolled_back
from lakehouse.maintenance.restoring import restore, snapshot_of
from lakehouse.names import Move, Names, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What a rollback changes in one table.

    Attributes:
        name: `zone.table`.
        table: the table, in the state that is replaced.
        replaced: id of its current snapshot.
        snapshot: the earlier snapshot.
        difference: how its rows change.
        batches: batches of the dataset that reached integration after this snapshot; empty for a model.
    """

    name: str
    table: Table
    replaced: int
    snapshot: Snapshot
    difference: Difference
    batches: Sequence[str]

    def is_needed(self, *, replay: bool) -> bool:
        """Return whether there is something to do; batches that an earlier rollback undid can still be replayed."""
        return not self.difference.is_empty or (replay and bool(self.batches))


def plan(catalog: Catalog, name: str, *, to: str, names: Names, ops: Catalog | None = None) -> Rollback:
    """Return what a rollback of one table changes, without changing anything.

    Args:
        catalog: Iceberg catalog.
        name: a dataset, `integration.TABLE` or `curated.TABLE`.
        to: id of a snapshot, or a time in ISO 8601.
        names: names of the deployment.
        ops: catalog for ops, if another one reads the table.

    Raises:
        LakehouseError: there is no such table or snapshot, or the table is not in integration or curated.
    """
    zone, table_name = place(name)
    table = load(catalog, name, names=names)
    snapshot = snapshot_of(table, to)
    # The restored rows have the current columns: a rollback does not change the schema.
    now, then = (State(snapshot=one, schema=table.schema()) for one in (table.current_snapshot(), snapshot))
    return Rollback(
        name=f"{zone}.{table_name}",
        table=table,
        replaced=table.metadata.current_snapshot_id or snapshot.snapshot_id,
        snapshot=snapshot,
        difference=difference(table, now, then),
        batches=_batches_after(ops or catalog, table, snapshot, names=names) if zone is Zone.INTEGRATION else (),
    )


def roll_back(catalog: Catalog, planned: Rollback, *, names: Names, replay: bool = False) -> None:
    """Commit the earlier state, and record which batches it undid, and its lineage.

    Args:
        catalog: Iceberg catalog, for ops.
        planned: the table and its earlier state.
        names: names of the deployment.
        replay: whether the next run moves these batches again; otherwise only `lakehouse rerun` does.

    Raises:
        LakehouseError: another writer committed to the table first; it is unchanged.
    """
    try:
        if not planned.difference.is_empty:
            restore(planned.table, planned.snapshot)
    except CommitFailedException as error:
        raise LakehouseError(
            f"{planned.name}: another writer committed first, and nothing was changed; run the same command again"
        ) from error
    now, by = datetime.now(UTC), boto3.client("sts").get_caller_identity()["Arn"].rpartition("/")[2]
    database, name = planned.table.name()[-2:]
    event = rolled_back(
        names,
        database=database,
        table=name,
        snapshot=planned.snapshot.snapshot_id,
        replaced=planned.replaced,
        batches=planned.batches,
        at=now,
    )
    record.append(catalog, [event], names=names, dataset=name)
    attempts.record(
        catalog,
        [
            Attempt(
                dataset=name,
                batch_id=batch_id,
                move=Move.RAW_TO_INTEGRATION,
                state=TO_REPLAY if replay else ROLLED_BACK,
                started_at=now,
                finished_at=now,
                run_id="rollback",
                error=f"rolled back to snapshot {planned.snapshot.snapshot_id} by {by}",
            )
            for batch_id in planned.batches
        ],
        names=names,
    )


def load(catalog: Catalog, name: str, *, names: Names) -> Table:
    """Return a table of integration or curated.

    Raises:
        LakehouseError: there is no such table.
    """
    zone, table = place(name)
    return load_named(catalog, (names.database(zone), table), name=f"{zone}.{table}")


def place(name: str) -> tuple[Zone, str]:
    """Return zone and name of a table.

    Raises:
        LakehouseError: it is not in integration or curated.
    """
    zone, _, table = name.rpartition(".")
    if zone not in ("", Zone.INTEGRATION, Zone.CURATED):
        raise LakehouseError(
            f"{name}: only tables of integration and curated are rolled back; raw is the record of what arrived, and "
            "`lakehouse rerun DATASET BATCH` replaces a batch of it"
        )
    return Zone(zone or Zone.INTEGRATION), table


def _batches_after(catalog: Catalog, table: Table, snapshot: Snapshot, *, names: Names) -> list[str]:
    """Return the batches whose last success ended after the commit that followed a snapshot."""
    later = [entry.timestamp_ms for entry in table.snapshots() if entry.timestamp_ms > snapshot.timestamp_ms]
    if not later:
        return []
    history = attempts.read(catalog, names=names, dataset=table.name()[-1])
    merged = attempts.last_successes(history, Move.RAW_TO_INTEGRATION)
    return sorted(
        batch_id
        for batch_id, last in merged.items()
        if last.changed and last.finished_at.timestamp() * 1000 >= min(later)
    )
