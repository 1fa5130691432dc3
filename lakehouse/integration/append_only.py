"""Datasets whose records are facts that stay: append those that the integration table does not have."""

from collections import Counter
from collections.abc import Iterable

from pyiceberg.table import Table
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as fn

from lakehouse.contracts import types
from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.model import Contract, Deduplicate
from lakehouse.engine import commits
from lakehouse.integration import pruning, version_order


def add(rows: DataFrame, contract: Contract, table: Table, *, batch_ids: Iterable[str]) -> dict[str, Counter[str]]:
    """Append records in one commit, or in none if the table has them all.

    A record is one and the same if batch, file and row are; with `deduplicate: record`, if all its columns are, null
    equal to null. The first that was received is kept.

    Args:
        rows: records, in the table's columns.
        contract: the dataset.
        table: the integration table, as PyIceberg loaded it for this attempt.
        batch_ids: the batches that `rows` are of.

    Returns:
        how many rows each batch `inserted`.

    Raises:
        Exception: an error of the engine; `commit_conflicts.is_conflict` recognizes a commit conflict.
    """
    base = commits.base_of(table)
    if contract.deduplicate is Deduplicate.RECORD:
        same = tuple(column.name for column in contract.columns)
        near = pruning.partitions(rows, contract)
        first = Window.partitionBy(*same).orderBy(*version_order.RECORD_ID)
        rows = rows.withColumn("_rank", fn.row_number().over(first)).where("_rank = 1").drop("_rank")
    else:
        same = version_order.RECORD_ID
        near = pruning.one_of(BATCH_ID, batch_ids, types.STRING)
    there = commits.read(rows.sparkSession, base).alias("t").where(near.sql)
    is_there = " AND ".join(f"s.`{column}` <=> t.`{column}`" for column in same)
    added = rows.alias("s").join(there, fn.expr(is_there), "left_anti")
    counts = {row[BATCH_ID]: Counter(inserted=row["count"]) for row in added.groupBy(BATCH_ID).count().collect()}
    if counts:
        commits.append(added, base)
    return counts
