"""Integrate append-only datasets: append the records that the integration table does not have."""

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


def append_new(
    rows: DataFrame, contract: Contract, table: Table, *, batch_ids: Iterable[str]
) -> dict[str, Counter[str]]:
    """Append new records in one commit; commit nothing if the table has them all.

    Two records are the same if batch, file and row are equal. With `deduplicate: record` they are the same if all
    columns are equal, null equal to null; the record that was received first is kept.

    Args:
        rows: records, in the table's columns.
        contract: the dataset.
        table: the integration table, as PyIceberg loaded it for this attempt.
        batch_ids: the batches of `rows`.

    Returns:
        The number of rows that each batch `inserted`, by batch id.

    Raises:
        Exception: an error of the engine; `commit_conflicts.is_conflict` recognizes a commit conflict.
    """
    base = commits.base_of(table)
    if contract.deduplicate is Deduplicate.RECORD:
        identity = tuple(column.name for column in contract.columns)
        scope = pruning.partitions(rows, contract)
        by_arrival = Window.partitionBy(*identity).orderBy(*version_order.RECORD_ID)
        rows = rows.withColumn("_rank", fn.row_number().over(by_arrival)).where("_rank = 1").drop("_rank")
    else:
        identity = version_order.RECORD_ID
        scope = pruning.one_of(BATCH_ID, batch_ids, types.STRING)
    target = commits.read(rows.sparkSession, base).alias("t").where(scope.sql)
    is_same = " AND ".join(f"s.`{column}` <=> t.`{column}`" for column in identity)
    new = rows.alias("s").join(target, fn.expr(is_same), "left_anti")
    counts = {row[BATCH_ID]: Counter(inserted=row["count"]) for row in new.groupBy(BATCH_ID).count().collect()}
    if counts:
        commits.append(new, base)
    return counts
