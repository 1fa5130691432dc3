"""What an integration table has forgotten must not come back from an old batch.

A tombstone keeps late versions of its row out. Where it was purged, the table's properties say up to when, and what is
older than that, and of no row that the table has, is not taken in. See docs/changes.md.
"""

from datetime import datetime

from pyiceberg.table import Table
from pyspark.sql import DataFrame
from pyspark.sql import functions as fn

from lakehouse.contracts.columns import COMMIT_TIMESTAMP
from lakehouse.contracts.model import Contract
from lakehouse.engine import commits
from lakehouse.integration import version_order
from lakehouse.tables.definition import PURGED_BEFORE


def without_forgotten(rows: DataFrame, contract: Contract, table: Table) -> DataFrame:
    """Versions without those that are older than the last purge and whose key the table does not have.

    Args:
        rows: versions, in the table's columns.
        contract: the dataset; one of snapshots has no such versions, `snapshots` leaves out its old batches whole.
        table: the integration table, as PyIceberg loaded it for this attempt.
    """
    if PURGED_BEFORE not in table.properties:
        return rows
    purged = fn.lit(datetime.fromisoformat(table.properties[PURGED_BEFORE]))
    is_old = fn.coalesce(fn.col(COMMIT_TIMESTAMP) < purged, fn.lit(False))
    there = commits.read(rows.sparkSession, commits.base_of(table)).select(*contract.key).alias("t")
    known = rows.where(is_old).alias("s").join(there, fn.expr(version_order.same_key(contract)), "left_semi")
    return rows.where(~is_old).unionByName(known)
