"""Datasets with one row for each key: bring its latest version into the integration table, by the cheapest commit."""

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
"""A MERGE may read so many rows of batch and table; docs/decisions/070-merge-or-overwrite.md has the measurements."""


class Outcome(NamedTuple):
    """What becomes of a version that a batch brings."""

    batch_id: str
    result: str
    """`new` key, `won` or `lost` against the version in the table, or `tied` while only `changes.order` is known."""
    deleted: bool
    was_deleted: bool

    @property
    def change(self) -> str | None:
        """`inserted`, `updated` or `deleted`; None if the table stays as it is."""
        if self.result == "lost":
            return None
        if self.deleted:
            return "deleted"
        return "inserted" if self.result == "new" or self.was_deleted else "updated"


def upsert(rows: DataFrame, contract: Contract, table: Table, *, merge_rows: int) -> dict[str, Counter[str]]:
    """Bring versions of rows into the table, in one commit, or in none if it has these or newer ones.

    Args:
        rows: versions, in the table's columns.
        contract: the dataset.
        table: the integration table, as PyIceberg loaded it for this attempt.
        merge_rows: see `MERGE_ROWS`.

    Returns:
        how many rows each batch `inserted`, `updated` and `deleted`. Where batches bring versions of a key that only
        their contents tell apart, one of these batches is credited.

    Raises:
        Exception: an error of the engine; `commit_conflicts.is_conflict` recognizes a commit conflict.
    """
    base = commits.base_of(table)
    part = near = pruning.ANY_ROW
    if contract.ingest is not Ingest.SNAPSHOT:  # which is about every row there is
        part = pruning.partitions(rows, contract)
        near = part & pruning.keys(rows, contract)
    target = commits.read(rows.sparkSession, base).alias("t")
    outcomes = _outcomes(rows, target.where(near.sql), contract)
    changed = [outcome for outcome in outcomes if outcome.change]

    latest = version_order.latest(rows, contract).alias("s")
    if not changed:
        return {}
    if all(outcome.result == "new" for outcome in changed):
        commits.append(
            latest.join(target.where(near.sql), fn.expr(version_order.same_key(contract)), "left_anti"), base
        )
    elif _count(table, near) + outcomes.total() <= merge_rows:
        on = f"{version_order.same_key(contract)} AND {near.sql}"
        commits.merge(latest, base, on=on, update_when=version_order.newer(contract))
    else:
        commits.overwrite_partitions(_winners(latest, target.where(part.sql), contract), base)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in changed:
        counts[outcome.batch_id][str(outcome.change)] += outcomes[outcome]
    return counts


def _outcomes(rows: DataFrame, target: DataFrame, contract: Contract) -> Counter[Outcome]:
    """Count outcomes from keys and order alone, which are narrow; from whole rows only if versions tie."""
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
    """Of each key in batch or table the version that stays: both read once, whatever the number of changes."""
    key = contract.key[0]
    wins = f"t.`{key}` IS NULL OR (s.`{key}` IS NOT NULL AND {version_order.newer(contract)})"
    both = latest.join(target, fn.expr(version_order.same_key(contract)), "full").withColumn("_wins", fn.expr(wins))
    return both.selectExpr(
        *(f"CASE WHEN _wins THEN s.`{name}` ELSE t.`{name}` END AS `{name}`" for name in target.columns)
    )


def _count(table: Table, condition: Condition) -> int:
    """Rows of the table's files that may hold such rows, from metadata alone."""
    return sum(task.file.record_count for task in table.scan(row_filter=condition.iceberg).plan_files())
