"""Integrate datasets with one row per key: write the latest version of each key with the cheapest kind of commit."""

from collections import Counter, defaultdict
from typing import NamedTuple

from pyiceberg.table import Table
from pyspark.sql import DataFrame
from pyspark.sql import functions as fn

from lakehouse.contracts.columns import BATCH_ID, DELETED
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine import commits
from lakehouse.integration import pruning, version_order
from lakehouse.integration.pruning import Condition

MERGE_ROWS = 1_000_000
"""Most rows, of batch and table, that a MERGE reads; docs/decisions/070-merge-or-overwrite.md has the measurements."""


class Outcome(NamedTuple):
    """What happens to a version of a batch.

    Attributes:
        batch_id: the batch.
        result: `new` key; `won` or `lost` against the version in the table; or `tied` if `version_order.order` alone
            does not decide.
        deleted: whether the version is a tombstone.
        was_deleted: whether the version in the table is one.
    """

    batch_id: str
    result: str
    deleted: bool
    was_deleted: bool

    @property
    def change(self) -> str | None:
        """`inserted`, `updated` or `deleted`; None if the version changes nothing."""
        if self.result == "lost":
            return None
        if self.deleted:
            return "deleted"
        return "inserted" if self.result == "new" or self.was_deleted else "updated"


def upsert(rows: DataFrame, contract: Contract, table: Table, *, merge_rows: int) -> dict[str, Counter[str]]:
    """Write versions of rows to the table in one commit; commit nothing if it has these or newer versions.

    Args:
        rows: versions, in the table's columns.
        contract: the dataset.
        table: the integration table, as PyIceberg loaded it for this attempt.
        merge_rows: see `MERGE_ROWS`.

    Returns:
        The number of rows that each batch `inserted`, `updated` and `deleted`, by batch id. If batches have versions
        of a key that differ only in their contents, the row counts for one of these batches.

    Raises:
        Exception: an error of the engine; `commit_conflicts.is_conflict` recognizes a commit conflict.
    """
    base = commits.base_of(table)
    partitions = scope = pruning.ANY_ROW
    if contract.ingest is not Ingest.SNAPSHOT:  # a snapshot has versions of nearly all rows
        partitions = pruning.partitions(rows, contract)
        scope = partitions & pruning.keys(rows, contract)
    target = commits.read(rows.sparkSession, base).alias("t")
    outcomes = _outcomes(rows, target.where(scope.sql), contract)
    changes = [outcome for outcome in outcomes if outcome.change]
    if not changes:
        return {}

    latest = version_order.latest(rows, contract).alias("s")
    same_key = version_order.same_key(contract)
    if all(outcome.result == "new" for outcome in changes):
        commits.append(latest.join(target.where(scope.sql), fn.expr(same_key), "left_anti"), base)
    elif _count(table, scope) + outcomes.total() <= merge_rows:
        on = f"{same_key} AND {scope.sql}"
        commits.merge(latest, base, on=on, update_when=version_order.newer(contract))
    else:
        commits.overwrite_partitions(_winners(latest, target.where(partitions.sql), contract), base)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in changes:
        counts[outcome.batch_id][str(outcome.change)] += outcomes[outcome]
    return counts


def _outcomes(rows: DataFrame, target: DataFrame, contract: Contract) -> Counter[Outcome]:
    """Count the outcomes of versions, from keys and order columns alone; from whole rows only if versions tie."""
    narrow = tuple(dict.fromkeys((*contract.key, *version_order.order_columns(contract), *version_order.RECORD_ID)))
    versions = version_order.latest(rows.select(*narrow), contract, by_contents=False)
    order_s, order_t = version_order.order(contract, "s"), version_order.order(contract, "t")
    result = f"WHEN {order_s} > {order_t} THEN 'won' WHEN {order_s} < {order_t} THEN 'lost' ELSE 'tied'"
    outcomes = _against(versions, target.select(*narrow), contract, result=result)
    if any(outcome.result == "tied" for outcome in outcomes):
        result = f"WHEN {version_order.newer(contract)} THEN 'won' ELSE 'lost'"
        outcomes = _against(version_order.latest(rows, contract), target, contract, result=result)
    return outcomes


def _against(versions: DataFrame, target: DataFrame, contract: Contract, *, result: str) -> Counter[Outcome]:
    """Count the outcomes of versions against the rows of the table; `result` has the WHEN branches for known keys."""
    is_new = f"t.`{contract.key[0]}` IS NULL"
    deleted = DELETED if contract.ingest is not Ingest.APPEND else None
    counted = (
        versions.alias("s")
        .join(target.alias("t"), fn.expr(version_order.same_key(contract)), "left")
        .selectExpr(
            f"s.`{BATCH_ID}`",
            f"CASE WHEN {is_new} THEN 'new' {result} END AS result",
            f"s.`{deleted}` AS deleted" if deleted else "false AS deleted",
            f"coalesce(t.`{deleted}`, false) AS was_deleted" if deleted else "false AS was_deleted",
        )
        .groupBy(BATCH_ID, "result", "deleted", "was_deleted")
        .count()
    )
    return Counter({Outcome(*row[:4]): row[4] for row in counted.collect()})


def _winners(latest: DataFrame, target: DataFrame, contract: Contract) -> DataFrame:
    """Return the winning version of each key in batch or table; both are read once."""
    key = contract.key[0]
    wins = f"t.`{key}` IS NULL OR (s.`{key}` IS NOT NULL AND {version_order.newer(contract)})"
    both = latest.join(target, fn.expr(version_order.same_key(contract)), "full").withColumn("_wins", fn.expr(wins))
    return both.selectExpr(
        *(f"CASE WHEN _wins THEN s.`{name}` ELSE t.`{name}` END AS `{name}`" for name in target.columns)
    )


def _count(table: Table, condition: Condition) -> int:
    """Return the number of rows in the files that a condition does not exclude, from metadata alone."""
    return sum(task.file.record_count for task in table.scan(row_filter=condition.iceberg).plan_files())
