"""Move batches from raw to integration: one row per key, or each append-only record once. See docs/changes.md."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as fn

from lakehouse.batches import attempts
from lakehouse.contracts.columns import BATCH_ID, ERRORS
from lakehouse.contracts.model import Contract, Deduplicate, Ingest
from lakehouse.engine import candidates, commit_conflicts, commits, tracing
from lakehouse.errors import LakehouseError
from lakehouse.integration import append_only, snapshots, upsert, version_order
from lakehouse.integration.purged_keys import without_purged
from lakehouse.integration.upsert import MERGE_ROWS
from lakehouse.moves import gates
from lakehouse.moves.done import Done
from lakehouse.moves.job import Job
from lakehouse.moves.windows import add_to_windows
from lakehouse.names import Move, Names, Zone
from lakehouse.quality.results import gate
from lakehouse.quality.verdict import Verdict
from lakehouse.tables import definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The changes of one batch.

    Attributes:
        read: accepted records of the batch.
        inserted: rows of the integration table that are new, or that were deleted and exist again.
        updated: rows that have a later version.
        deleted: rows that are tombstones now.
        unchanged: records that changed no row, because the table or the batch has the same or a later version.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        """Rows that were inserted, updated or deleted."""
        return self.inserted + self.updated + self.deleted


def run(job: Job) -> None:
    """Move the batches of a job run together, with those that a gate still blocks.

    The state of the dataset with all of them is a candidate until its gate passes, so readers never see another state.
    """
    with job.logged_failures(job.batch_ids):
        batch_ids = sorted({*job.batch_ids, *_blocked(job)})
    job.attempt(batch_ids, partial(_moved, job, batch_ids))


def _blocked(job: Job) -> list[str]:
    """Return the batches that are in raw and not in integration, because the gate blocked the state with them."""
    history = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    loaded, merged = (attempts.last_successes(history, move) for move in Move)
    return [batch_id for batch_id, last in merged.items() if last.is_blocked and not loaded[batch_id].is_blocked]


def _moved(job: Job, batch_ids: Sequence[str]) -> Done:
    """Integrate batches, evaluate the rules on the result, and publish it if its gate passes."""
    subject = f"{job.contract.dataset}, batches {batch_ids[0]} to {batch_ids[-1]}"
    done = commit_conflicts.retry_on_conflict(partial(_audited, job, batch_ids), subject=subject)
    if done.gate is not Verdict.PASS:
        return done
    add_to_windows(job.spark, job.contract, batch_ids, names=job.names, catalog=job.catalog)
    changed = {batch_id: counts["changed"] for batch_id, counts in done.counts.items()}
    return replace(done, counts=_counted(changed | _unrecorded(job, changed)))


def _audited(job: Job, batch_ids: Sequence[str]) -> Done:
    published = _load(job.catalog, definition.integration(job.contract, names=job.names))
    with candidates.candidate(job.catalog, published) as candidate:
        counts = raw_to_integration(
            *(job.spark, job.contract, batch_ids), names=job.names, catalog=job.catalog, table=candidate.name()[-1]
        )
        results = {batch_ids[-1]: gates.evaluate_dataset(job, candidate)}
        if gate(results[batch_ids[-1]]) is Verdict.PASS:
            candidates.publish(job.catalog, candidate, published=published)
            return Done(
                counts=_counted({batch_id: found.changed for batch_id, found in counts.items()}), results=results
            )
    return Done(counts=_counted(dict.fromkeys(batch_ids, 0)), results=results)


def _counted(changed: Mapping[str, int]) -> dict[str, dict[str, int]]:
    return {batch_id: {"changed": rows} for batch_id, rows in changed.items()}


def _unrecorded(job: Job, changed: Mapping[str, int]) -> dict[str, int]:
    """Return the rows that an earlier attempt committed but did not record before it ended, by batch id.

    A batch of such an attempt has no success yet and changes no row now, but the table has rows of it.
    """
    unchanged = [batch_id for batch_id, rows in changed.items() if not rows]
    if not unchanged:
        return {}
    history = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    unrecorded = set(unchanged) - attempts.last_successes(history, job.move).keys()
    if not unrecorded:
        return {}
    table = job.spark.table(f"{job.names.database(Zone.INTEGRATION)}.{job.contract.dataset}")
    return dict(table.where(fn.col(BATCH_ID).isin(*unrecorded)).groupBy(BATCH_ID).count().collect())


def raw_to_integration(
    spark: SparkSession,
    contract: Contract,
    batch_ids: Iterable[str],
    *,
    names: Names,
    catalog: Catalog,
    table: str | None = None,
    merge_rows: int = MERGE_ROWS,
) -> dict[str, Counts]:
    """Integrate the accepted records of some batches into the integration table of their dataset.

    The order, number and grouping of calls do not change the resulting table. A call without a change commits nothing.
    After a commit conflict, the step is computed again.

    Args:
        spark: session of any engine.
        contract: the dataset.
        batch_ids: batches that are in raw.
        names: names of the deployment.
        catalog: Iceberg catalog.
        table: name of the table that is changed, e.g. a candidate; the integration table of the dataset if None.
        merge_rows: most rows, of batch and table, for a MERGE; with more, partitions are overwritten.

    Returns:
        Counts by batch id.

    Raises:
        LakehouseError: tables differ from the contract, a key is null, a snapshot is empty, or every commit was in
            conflict. The table is unchanged, except for snapshots before the one that failed.
    """
    ids = sorted(set(batch_ids))
    counts: dict[str, Counts] = {}
    # A snapshot replaces the state before it, so each is one step; other batches are one step together.
    for step in [[batch_id] for batch_id in ids] if contract.ingest is Ingest.SNAPSHOT else [ids]:
        work = partial(_move, spark, contract, step, names=names, catalog=catalog, table=table, merge_rows=merge_rows)
        counts |= commit_conflicts.retry_on_conflict(
            work, subject=f"{contract.dataset}, batches {step[0]} to {step[-1]}"
        )
    return counts


def _move(
    spark: SparkSession,
    contract: Contract,
    batch_ids: Sequence[str],
    *,
    names: Names,
    catalog: Catalog,
    table: str | None,
    merge_rows: int,
) -> dict[str, Counts]:
    """Integrate batches in one attempt, on the states that both tables have when it begins."""
    raw = commits.base_of(_load(catalog, definition.raw(contract, names=names)))
    target = definition.integration(contract, names=names)
    integration = _load(catalog, replace(target, table=table or target.table))
    received = commits.read(spark, raw).where(fn.col(BATCH_ID).isin(*batch_ids))
    accepted = received.where(fn.col(ERRORS).isNull())
    rows = without_purged(version_order.versions(accepted, contract), contract, integration)
    with tracing.span("read"):
        read = _count(accepted, contract)
    changed: dict[str, Counter[str]] = {}
    with tracing.span("write"):
        if contract.ingest is Ingest.SNAPSHOT:
            rejected = received.where(fn.col(ERRORS).isNotNull()).count()
            snapshot = snapshots.with_deletions(
                rows, contract, integration, batch_id=batch_ids[0], accepted=read.total(), rejected=rejected
            )
            if snapshot is not None:
                changed = upsert.upsert(snapshot, contract, integration, merge_rows=merge_rows)
        elif read and _has_a_row_per_key(contract):
            changed = upsert.upsert(rows, contract, integration, merge_rows=merge_rows)
        elif read:
            changed = append_only.append_new(rows, contract, integration, batch_ids=batch_ids)
    return {batch_id: _counts(read[batch_id], changed.get(batch_id, Counter()), contract) for batch_id in batch_ids}


def _has_a_row_per_key(contract: Contract) -> bool:
    return contract.ingest is not Ingest.APPEND or contract.deduplicate is Deduplicate.KEY


def _counts(read: int, changed: Counter[str], contract: Contract) -> Counts:
    # A snapshot has no records of the rows that it deletes.
    from_records = changed.total() - (changed["deleted"] if contract.ingest is Ingest.SNAPSHOT else 0)
    return Counts(read=read, unchanged=read - from_records, **changed)


def _count(accepted: DataFrame, contract: Contract) -> Counter[str]:
    """Return the number of records of each batch.

    Raises:
        LakehouseError: a record lacks a value of the key.
    """
    no_key = " OR ".join(f"`{column}` IS NULL" for column in contract.key) or "false"
    counted = accepted.groupBy(BATCH_ID).agg(fn.count(fn.lit(1)), fn.expr(f"count_if({no_key})")).collect()
    for batch_id, _, without_key in counted:
        if without_key and _has_a_row_per_key(contract):
            raise LakehouseError(
                f"{contract.dataset}: {without_key} accepted records of batch {batch_id} lack a value of the key "
                f"({', '.join(contract.key)}); stage_to_raw rejects such records: "
                f"`lakehouse rerun {contract.dataset} {batch_id}`"
            )
    return Counter({batch_id: read for batch_id, read, _ in counted})


def _load(catalog: Catalog, contracted: definition.Definition) -> Table:
    """Return a table.

    Raises:
        LakehouseError: the table does not exist or has other columns than its contract.
    """
    remedy = "run `lakehouse tables apply`"
    try:
        table = catalog.load_table(contracted.name)
    except NoSuchTableError as error:
        raise LakehouseError(f"table {contracted.name} does not exist: {remedy}") from error
    expected, actual = ({field.name for field in schema.fields} for schema in (contracted.schema, table.schema()))
    if expected != actual:
        raise LakehouseError(
            f"table {contracted.name} lacks columns {sorted(expected - actual)} of its contract and has additional "
            f"columns {sorted(actual - expected)}: {remedy}"
        )
    return table
