"""Datasets whose every batch is the whole state: what a batch leaves out was deleted."""

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
    """Versions of all rows that a snapshot says something of: those that it has, and tombstones of those it lacks.

    A rejected record may be any row's, so a snapshot with one deletes nothing.

    Args:
        rows: its accepted records, in the table's columns.
        contract: the dataset.
        table: the integration table, as PyIceberg loaded it for this attempt.
        batch_id: the snapshot.
        accepted: how many records it has.
        rejected: how many more were rejected.

    Returns:
        the versions; None if the table has a later snapshot, against which this one never wins.

    Raises:
        LakehouseError: it has no record at all, and the contract does not say that it may be empty.
    """
    if not accepted and not rejected and not contract.may_be_empty:
        raise LakehouseError(
            f"{contract.dataset}: snapshot {batch_id} has no record, which would delete every row; if that is meant, "
            "set the custom property mayBeEmpty: true in the contract, apply it and run the batch again"
        )
    target = commits.read(rows.sparkSession, commits.base_of(table)).alias("t")
    [[there]] = target.agg(fn.max(BATCH_ID)).collect()
    newest = max(there or "", table.properties.get(PURGED_THROUGH, ""))
    if newest > batch_id:
        log.info("%s: snapshot %s came after %s, which stays", contract.dataset, batch_id, newest)
        return None
    if rejected:
        log.warning(
            "%s: snapshot %s deletes nothing, %d of its records were rejected", contract.dataset, batch_id, rejected
        )
        return rows
    said = {
        **{column: f"t.`{column}`" for column in contract.key},
        DELETED: "true",
        BATCH_ID: f"'{batch_id}'",
        INGESTED_AT: "current_timestamp()",
    }
    gone = (
        target.where(f"NOT `{DELETED}`")
        .join(rows.alias("s"), fn.expr(version_order.same_key(contract)), "left_anti")
        .selectExpr(*(f"CAST({said.get(name, 'NULL')} AS {type_}) AS `{name}`" for name, type_ in target.dtypes))
    )
    return rows.unionByName(gone)
