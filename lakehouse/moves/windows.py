"""Add the events of batches to the windows of their dataset, after they were published in integration."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from pyiceberg.catalog import Catalog
from pyspark.sql import SparkSession

from lakehouse.contracts.model import Contract
from lakehouse.engine import commit_conflicts, commits, tracing
from lakehouse.moves import window_events
from lakehouse.moves.window_events import Load
from lakehouse.moves.window_tables import Step, WindowTables
from lakehouse.names import Names
from lakehouse.tables import definition
from lakehouse.windows import state
from lakehouse.windows.machine import Machine
from lakehouse.windows.model import Windows

log = logging.getLogger(__name__)


def add_to_windows(
    spark: SparkSession, contract: Contract, batch_ids: Sequence[str], *, names: Names, catalog: Catalog
) -> None:
    """Add events to windows, and write the panes that follow; without new events nothing is written.

    The batches are one micro-batch: its events are judged by the watermark of the batches before. The first call counts
    all events of the dataset, so that windows can be added to a dataset that has data.

    Args:
        spark: session of any engine.
        contract: the dataset.
        batch_ids: batches that are in integration.
        names: names of the deployment.
        catalog: Iceberg catalog.

    Raises:
        LakehouseError: a table is missing or was changed by something else, or every commit was in conflict.
    """
    if windows := contract.windows:
        work = partial(_step, spark, contract, windows, batch_ids, names=names, catalog=catalog)
        with tracing.span("windows"):
            commit_conflicts.retry_on_conflict(work, subject=f"{contract.dataset}, windows of batch {batch_ids[-1]}")


def _step(
    spark: SparkSession,
    contract: Contract,
    windows: Windows,
    batch_ids: Sequence[str],
    *,
    names: Names,
    catalog: Catalog,
) -> None:
    tables = WindowTables(contract, names=names, catalog=catalog)
    tables.settle()
    base = tables.base
    integration = catalog.load_table(definition.integration(contract, names=names).name)
    rows = commits.read(spark, commits.base_of(integration))
    loads = window_events.loads(rows, batch_ids if base else None)
    counted = tables.counted(batch_ids)
    new = [load for load in loads if load not in counted]
    if not new:
        return
    events = window_events.of_loads(rows, new) if base else rows
    cells, newest = window_events.cells(events, contract, windows)
    judged_by = base.watermark if base else None
    machine = Machine(windows, state=map(state.read, tables.open_windows()), watermark=judged_by)
    panes, too_late = machine.take(cells, newest=newest)
    late = []
    if too_late and judged_by is not None:
        through = max(found.cell.time for found in too_late)
        late = list(window_events.late_events(events, windows, through=through, watermark=judged_by))
    assert machine.watermark is not None  # a load has at least one event
    tables.commit(
        _token(base, new, windows),
        watermark=machine.watermark,
        loads=new,
        windows=[state.write(at, one, key) for key, opened in machine.open.items() for at, one in opened.items()],
        panes=panes,
        too_late=late,
        judged_by=judged_by,
    )
    kinds = Counter(pane.timing for pane in panes if pane.sign > 0)
    log.info("%s: panes %s, %d events too late", contract.dataset, dict(kinds), len(late))


def _token(base: Step | None, loads: Iterable[Load], windows: Windows) -> str:
    """Return the same token for the same step, so that a step that is tried again replaces its own state."""
    parts = [base.token if base else None, sorted(loads), str(windows)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
