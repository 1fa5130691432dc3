"""Integrate snapshots: each batch is the whole state of the dataset, and keys that it lacks were deleted."""

import logging

from pyiceberg.table import Table
from pyspark.sql import DataFrame
from pyspark.sql import functions as fn

from lakehouse.contracts.columns import BATCH_ID, DELETED, INGESTED_AT
from lakehouse.contracts.model import Contract
from lakehouse.engine import commits
from lakehouse.errors import LakehouseError
from lakehouse.integration import version_order
from lakehouse.tables.definition import PURGED_THROUGH

log = logging.getLogger(__name__)


def with_deletions(
    rows: DataFrame, contract: Contract, table: Table, *, batch_id: str, accepted: int, rejected: int
) -> DataFrame | None:
    """Return the versions of a snapshot, and tombstones of the rows that it lacks.

    A rejected record may belong to any row, so a snapshot with a rejected record deletes nothing.

    Args:
        rows: accepted records of the snapshot, in the table's columns.
        contract: the dataset.
        table: the integration table, as PyIceberg loaded it for this attempt.
        batch_id: batch of the snapshot.
        accepted: number of its accepted records.
        rejected: number of its rejected records.

    Returns:
        The versions; None if the table has a later snapshot, because then this one can change nothing.

    Raises:
        LakehouseError: the snapshot has no record, and the contract does not allow an empty one.
    """
    if not accepted and not rejected and not contract.may_be_empty:
        raise LakehouseError(
            f"{contract.dataset}: snapshot {batch_id} has no record, so it would delete every row; if that is "
            "correct, set the custom property mayBeEmpty: true in the contract, apply it and run the batch again"
        )
    target = commits.read(rows.sparkSession, commits.base_of(table)).alias("t")
    [[newest_in_table]] = target.agg(fn.max(BATCH_ID)).collect()
    newest = max(newest_in_table or "", table.properties.get(PURGED_THROUGH, ""))
    if newest > batch_id:
        log.info("%s: snapshot %s is skipped, the table has the later one %s", contract.dataset, batch_id, newest)
        return None
    if rejected:
        log.warning(
            "%s: snapshot %s deletes nothing because %d of its records were rejected; see `lakehouse quarantine %s`",
            *(contract.dataset, batch_id, rejected, contract.dataset),
        )
        return rows
    tombstone = {
        **{column: f"t.`{column}`" for column in contract.key},
        DELETED: "true",
        BATCH_ID: f"'{batch_id}'",
        INGESTED_AT: "current_timestamp()",
    }
    tombstones = (
        target.where(f"NOT `{DELETED}`")
        .join(rows.alias("s"), fn.expr(version_order.same_key(contract)), "left_anti")
        .selectExpr(*(f"CAST({tombstone.get(name, 'NULL')} AS {type_}) AS `{name}`" for name, type_ in target.dtypes))
    )
    return rows.unionByName(tombstones)
