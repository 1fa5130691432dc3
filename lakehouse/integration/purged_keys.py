"""Keep old batches from bringing back purged keys.

A tombstone keeps late versions of its row out of the table. When tombstones are purged, the purge time is stored in
the table properties. A version that is older than the purge time is skipped if the table does not have its key. See
docs/changes.md.
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


def without_purged(rows: DataFrame, contract: Contract, table: Table) -> DataFrame:
    """Return versions without those that are older than the purge time and whose key the table does not have.

    Args:
        rows: versions, in the table's columns.
        contract: the dataset. Datasets of snapshots have no such versions: `snapshots` skips whole old batches.
        table: the integration table, as PyIceberg loaded it for this attempt.
    """
    if PURGED_BEFORE not in table.properties:
        return rows
    purge_time = fn.lit(datetime.fromisoformat(table.properties[PURGED_BEFORE]))
    is_old = fn.coalesce(fn.col(COMMIT_TIMESTAMP) < purge_time, fn.lit(False))
    keys = commits.read(rows.sparkSession, commits.base_of(table)).select(*contract.key).alias("t")
    not_purged = rows.where(is_old).alias("s").join(keys, fn.expr(version_order.same_key(contract)), "left_semi")
    return rows.where(~is_old).unionByName(not_purged)
