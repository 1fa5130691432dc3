"""Move batches from raw to integration: the current state of each key, or each fact once. See docs/changes.md."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as fn

from lakehouse.batches import attempts
from lakehouse.contracts.columns import BATCH_ID, ERRORS
from lakehouse.contracts.model import Contract, Deduplicate, Ingest
from lakehouse.engine import commit_conflicts, commits, tracing
from lakehouse.errors import LakehouseError
from lakehouse.integration import append_only, snapshots, upsert, version_order
from lakehouse.integration.purged_keys import without_forgotten
from lakehouse.integration.upsert import MERGE_ROWS
from lakehouse.moves import gates
from lakehouse.moves.job import Job
from lakehouse.names import Names, Zone
from lakehouse.tables import definition as table_definition
from lakehouse.tables.definition import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one batch did.

    Args:
        read: its accepted records.
        inserted: rows of the integration table that are new, or that were deleted and are there again.
        updated: rows that have a newer version.
        deleted: rows that are tombstones now.
        unchanged: its records that changed no row: repeated, or older than what the table or the batch has.
    """

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        return self.inserted + self.updated + self.deleted


def run(job: Job) -> None:
    """Move the batches that a job run is about."""
    job.attempt(job.batch_ids, partial(_counted, job), judge=partial(gates.of_dataset, job))


def _counted(job: Job) -> dict[str, dict[str, int]]:
    counts = raw_to_integration(job.spark, job.contract, job.batch_ids, names=job.names, catalog=job.catalog)
    changed = {batch_id: of_batch.changed for batch_id, of_batch in counts.items()}
    return {batch_id: {"changed": rows} for batch_id, rows in (changed | _untold(job, changed)).items()}


def _untold(job: Job, changed: Mapping[str, int]) -> dict[str, int]:
    """Rows that an attempt changed which ended between its commit and its record, by batch id.

    Such a batch changes nothing any more, has not succeeded yet, and is in the table nevertheless.
    """
    idle = [batch_id for batch_id, rows in changed.items() if not rows]
    if not idle:
        return {}
    done = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    untold = set(idle) - attempts.last_successes(done, job.move).keys()
    if not untold:
        return {}
    table = job.spark.table(f"{job.names.database(Zone.INTEGRATION)}.{job.contract.dataset}")
    found = table.where(fn.col(BATCH_ID).isin(*untold)).groupBy(BATCH_ID).count().collect()
    return dict(found)


def raw_to_integration(
    spark: SparkSession,
    contract: Contract,
    batch_ids: Iterable[str],
    *,
    names: Names,
    catalog: Catalog,
    merge_rows: int = MERGE_ROWS,
) -> dict[str, Counts]:
    """Bring the accepted records of some batches into the integration table of their dataset.

    The table is the same whatever the order, the number and the grouping of calls; a call that has nothing new to say
    commits nothing. A commit that loses a race is computed again.

    Args:
        spark: session of any engine.
        contract: the dataset.
        batch_ids: batches that are in raw.
        names: names of the deployment.
        catalog: Iceberg catalog.
        merge_rows: largest number of rows, of batch and table, that is left to MERGE rather than overwritten.

    Returns:
        counts by batch id.

    Raises:
        LakehouseError: tables are not as the contract says, a key is null, a snapshot is empty, or other writers
            won every race; the table is as it was, except for snapshots before the one that failed.
    """
    ids = sorted(set(batch_ids))
    counts: dict[str, Counts] = {}
    # A snapshot ends what was before it, so each is one step; other batches add up in one.
    for step in [[batch_id] for batch_id in ids] if contract.ingest is Ingest.SNAPSHOT else [ids]:
        work = partial(_move, spark, contract, step, names=names, catalog=catalog, merge_rows=merge_rows)
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
    merge_rows: int,
) -> dict[str, Counts]:
    """One attempt, on the states that the two tables are in when it begins."""
    raw = commits.base_of(_load(catalog, table_definition.raw(contract, names=names)))
    table = _load(catalog, table_definition.integration(contract, names=names))
    received = commits.read(spark, raw).where(fn.col(BATCH_ID).isin(*batch_ids))
    accepted = received.where(fn.col(ERRORS).isNull())
    rows = without_forgotten(version_order.versions(accepted, contract), contract, table)
    with tracing.span("read"):
        read = _count(accepted, contract)
    changed: dict[str, Counter[str]] = {}
    with tracing.span("write"):
        if contract.ingest is Ingest.SNAPSHOT:
            rejected = received.where(fn.col(ERRORS).isNotNull()).count()
            snapshot = snapshots.with_deletions(
                rows, contract, table, batch_id=batch_ids[0], accepted=read.total(), rejected=rejected
            )
            if snapshot is not None:
                changed = upsert.upsert(snapshot, contract, table, merge_rows=merge_rows)
        elif read and _has_a_row_per_key(contract):
            changed = upsert.upsert(rows, contract, table, merge_rows=merge_rows)
        elif read:
            changed = append_only.add(rows, contract, table, batch_ids=batch_ids)
    return {batch_id: _counts(read[batch_id], changed.get(batch_id, Counter()), contract) for batch_id in batch_ids}


def _has_a_row_per_key(contract: Contract) -> bool:
    return contract.ingest is not Ingest.APPEND or contract.deduplicate is Deduplicate.KEY


def _counts(read: int, changed: Counter[str], contract: Contract) -> Counts:
    # What a snapshot deletes has no record in it.
    from_records = changed.total() - (changed["deleted"] if contract.ingest is Ingest.SNAPSHOT else 0)
    return Counts(read=read, unchanged=read - from_records, **changed)


def _count(accepted: DataFrame, contract: Contract) -> Counter[str]:
    """Records of each batch, none of them without a key."""
    no_key = " OR ".join(f"`{column}` IS NULL" for column in contract.key) or "false"
    counted = accepted.groupBy(BATCH_ID).agg(fn.count(fn.lit(1)), fn.expr(f"count_if({no_key})")).collect()
    for batch_id, _, without_key in counted:
        if without_key and _has_a_row_per_key(contract):
            raise LakehouseError(
                f"{contract.dataset}: {without_key} accepted records of batch {batch_id} lack a value of the key "
                f"({', '.join(contract.key)}), which stage_to_raw refuses; run that move again for this batch"
            )
    return Counter({batch_id: read for batch_id, read, _ in counted})


def _load(catalog: Catalog, definition: Definition) -> Table:
    """A table that is as its contract says."""
    remedy = "put the contract in force with `lakehouse tables apply`"
    try:
        table = catalog.load_table(definition.name)
    except NoSuchTableError as error:
        raise LakehouseError(f"there is no table {definition.name}: {remedy}") from error
    expected, found = ({field.name for field in schema.fields} for schema in (definition.schema, table.schema()))
    if expected != found:
        raise LakehouseError(
            f"table {definition.name} lacks columns {sorted(expected - found)} of its contract and has "
            f"{sorted(found - expected)} besides: {remedy}"
        )
    return table
