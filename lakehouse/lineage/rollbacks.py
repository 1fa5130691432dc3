"""Build the event of a rollback: a run that gives a table the rows of an earlier snapshot of it."""

from collections.abc import Sequence
from datetime import datetime

from lakehouse.lineage import events
from lakehouse.lineage.events import EventType, Json
from lakehouse.names import Names


def rolled_back(
    names: Names, *, database: str, table: str, snapshot: int, replaced: int, batches: Sequence[str], at: datetime
) -> Json:
    """Return the event of a rollback.

    Args:
        names: names of the deployment.
        database, table: the table.
        snapshot: the snapshot whose rows it has again.
        replaced: the snapshot that was current before.
        batches: batches that were undone.
        at: when it was committed.
    """
    run = events.Run(
        namespace=names.prefix,
        job=f"rollback.{table}",
        key=f"{replaced}/{snapshot}",
        integration="ICEBERG",
        about={"run_id": f"rollback/{replaced}", "batch_ids": list(batches)},
    )
    earlier = events.table(names, database, table, version=str(snapshot))
    return run.event(EventType.COMPLETE, at=at, inputs=[earlier], outputs=[events.table(names, database, table)])
