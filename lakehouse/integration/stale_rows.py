"""Find rows of an integration table that are older than in the source, because their latest change was rejected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyspark.sql import DataFrame
from pyspark.sql import functions as fn

from lakehouse.contracts import dms
from lakehouse.contracts.columns import COMMIT_TIMESTAMP, DELETED, INGESTED_AT
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine import commits
from lakehouse.integration import version_order
from lakehouse.integration.purged_keys import without_purged


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Rows that are older than in the source, or missing.

    Attributes:
        rows: number of keys whose latest version was rejected.
        unknown: number of rejected records whose key could not be read; each may concern any row.
        since: when the source committed the first of these versions, or when it was loaded if that is unknown.
        example: one of the keys; "" if all are unknown.
    """

    rows: int = 0
    unknown: int = 0
    since: datetime | None = None
    example: str = ""


def stale_rows(rejected: DataFrame, contract: Contract, table: Table) -> Stale:
    """Return what rejected records say about rows that the table does not show.

    Args:
        rejected: rejected raw records.
        contract: the dataset; it `has_versions`.
        table: the integration table.
    """
    rows = without_purged(version_order.versions(rejected, contract), contract, table).alias("s")
    target = commits.read(rejected.sparkSession, commits.base_of(table)).alias("t")
    keys = [f"s.`{column}`" for column in contract.key]
    no_key = _any_null(keys)
    # The column that orders versions may be the one that could not be read. DMS's rows of a load have no sequence.
    read = (column for column in contract.ordering if column != dms.CHANGE_SEQUENCE or contract.source.changes)
    no_order = _any_null(f"s.`{column}`" for column in read)
    is_new = f"t.`{contract.key[0]}` IS NULL"
    deletes_nothing = f"{is_new} AND s.`{DELETED}`" if contract.ingest is Ingest.CDC else "false"
    later = f"{version_order.order(contract, 's')} > {version_order.order(contract, 't')}"
    received = f"s.`{INGESTED_AT}`"
    since = f"coalesce(s.`{COMMIT_TIMESTAMP}`, {received})" if contract.source.has_operations else received
    by_key = (
        rows.join(target, fn.expr(version_order.same_key(contract)), "left")
        .where(f"{no_key} OR (NOT ({deletes_nothing}) AND ({is_new} OR {no_order} OR {later}))")
        .selectExpr(
            *(f"{key} AS key_{number}" for number, key in enumerate(keys)),
            f"CASE WHEN {no_key} THEN 1 ELSE 0 END AS unknown",
            f"{since} AS since",
        )
        .groupBy(*(f"key_{number}" for number in range(len(keys))), "unknown")
        .agg(fn.count(fn.lit(1)).alias("records"), fn.min("since").alias("since"))
    )
    (totals,) = by_key.agg(
        fn.sum(fn.expr("1 - unknown")).alias("rows"),
        fn.sum(fn.expr("unknown * records")).alias("unknown"),
        fn.min(fn.expr("unix_micros(since)")).alias("since"),
    ).collect()
    if totals["since"] is None:
        return Stale()
    return Stale(
        rows=totals["rows"],
        unknown=totals["unknown"],
        since=datetime.fromtimestamp(totals["since"] // 1_000_000, tz=UTC),
        example=_example(by_key.where("unknown = 0").limit(1), contract.key) if totals["rows"] else "",
    )


def _any_null(columns: Iterable[str]) -> str:
    return f"({' OR '.join(f'{column} IS NULL' for column in columns) or 'false'})"


def _example(first: DataFrame, key: Sequence[str]) -> str:
    [row] = first.collect()
    return ", ".join(f"{column} = {row[f'key_{number}']!r}" for number, column in enumerate(key))
