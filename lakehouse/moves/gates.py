"""Evaluate quality rules after a move: those of the contract, and built-in rules whose names begin with `_`.

After stage -> raw, the batch is measured by the rules that apply to a part of a dataset. After raw -> integration, the
live rows of the dataset are measured by all rules.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from pyiceberg.table import Table
from pyspark.sql import DataFrame
from pyspark.sql import functions as fn

from lakehouse.batches import attempts
from lakehouse.contracts import dms
from lakehouse.contracts.columns import BATCH_ID, CLEANSED, COMMIT_TIMESTAMP, DELETED, ERRORS, INGESTED_AT, OPERATION
from lakehouse.contracts.model import Contract, Ingest, QualityRule
from lakehouse.engine import tracing
from lakehouse.integration import stale_rows
from lakehouse.moves.done import Counts
from lakehouse.moves.job import Job
from lakehouse.names import Move, Zone
from lakehouse.quality import rules
from lakehouse.quality.measure import evaluate
from lakehouse.quality.results import Result, evaluated, last_pass, not_evaluated

HISTORY, LEAST_HISTORY = 30, 5
"""Most and fewest earlier batches that the volume of a batch is compared with."""


@tracing.span("judge")
def evaluate_batches(job: Job, counts: Mapping[str, Counts], *, has_erasures: bool = False) -> dict[str, list[Result]]:
    """Evaluate the rules on batches that are in raw now.

    Args:
        job: the run.
        counts: counts of each batch.
        has_erasures: whether records were erased from the batches; then they may be empty.

    Returns:
        Results by batch id.
    """
    contract = job.contract
    raw = job.spark.table(f"{job.names.database(Zone.RAW)}.{contract.dataset}")
    record_rules = [rule for rule in contract.quality if rule.metric in rules.OF_A_RECORD]
    history = _history(job, counts)
    results = {}
    for batch_id, batch_counts in counts.items():
        count = batch_counts["accepted"]
        may_be_empty = contract.may_be_empty or (has_erasures and not batch_counts["received"])
        results[batch_id] = [
            evaluated(rules.accepted(may_be_empty=may_be_empty), Decimal(count)),
            _volume(count, history),
        ]
        if contract.is_cleansed:
            results[batch_id] += _cleansed(raw.where(fn.col(BATCH_ID) == batch_id), contract)
        if record_rules:
            accepted = raw.where((fn.col(BATCH_ID) == batch_id) & fn.col(ERRORS).isNull())
            if contract.source.has_operations:  # a delete may have only its key
                accepted = accepted.where(fn.coalesce(fn.col(OPERATION), fn.lit("")) != dms.DELETE)
            results[batch_id] += evaluate(accepted, record_rules, contract, may_be_empty=may_be_empty or count > 0)
    return results


def _cleansed(rows: DataFrame, contract: Contract) -> list[Result]:
    """Measure how often each step of cleansing changed a value, of accepted and of rejected records."""
    counted = rows.select(fn.explode(CLEANSED).alias("rule")).groupBy("rule").count().collect()
    counts = {row["rule"]: row["count"] for row in counted}
    steps = dict.fromkeys((column.name, step.rule) for column in contract.columns for step in column.cleansing)
    return [
        evaluated(rules.cleansed(column, rule), Decimal(counts.get(f"{column}: {rule}", 0))) for column, rule in steps
    ]


@tracing.span("judge")
def evaluate_dataset(job: Job, table: Table) -> list[Result]:
    """Evaluate the rules on the dataset after some batches.

    Args:
        job: the run.
        table: the integration table, or its candidate with these batches.
    """
    contract = job.contract
    live = job.spark.table(".".join(table.name()[-2:]))
    if contract.ingest is not Ingest.APPEND:
        live = live.where(~fn.col(DELETED))
    results = evaluate(live, contract.quality, contract, may_be_empty=contract.may_be_empty)
    if rule := rules.freshness(contract):
        stamp = COMMIT_TIMESTAMP if contract.source.has_commit_time else INGESTED_AT
        (row,) = live.agg(fn.max(fn.unix_micros(fn.col(stamp))).alias("newest")).collect()
        results.append(_freshness(rule, newest=row["newest"]))
    if contract.has_versions:
        results.append(_current(job, table))
    return results


def _current(job: Job, table: Table) -> Result:
    """Measure the rows whose latest change was rejected since the dataset was last found equal to its source."""
    contract, dataset = job.contract, job.contract.dataset
    history = attempts.read(job.catalog, names=job.names, dataset=dataset)
    loads = attempts.last_successes(history, Move.STAGE_TO_RAW)
    rejecting = [batch_id for batch_id, load in loads.items() if load.rejected]
    rule = rules.current()
    if not rejecting:
        return evaluated(rule, Decimal(0))
    raw = job.spark.table(f"{job.names.database(Zone.RAW)}.{dataset}")
    rejected = raw.where(fn.col(BATCH_ID).isin(*rejecting) & fn.col(ERRORS).isNotNull())
    if reconciled_at := last_pass(job.catalog, rules.EQUALS_SOURCE, names=job.names, dataset=dataset):
        rejected = rejected.where(fn.col(INGESTED_AT) > fn.lit(reconciled_at))
    stale = stale_rows.stale_rows(rejected, contract, table.refresh())
    if not stale.rows and not stale.unknown:
        return evaluated(rule, Decimal(0))
    unknown = f" and {stale.unknown:,} rejected records without a readable key" if stale.unknown else ""
    return evaluated(
        rule,
        Decimal(stale.rows + stale.unknown),
        reason=f"{stale.rows:,} rows are older than in the source{unknown}, since {stale.since:%Y-%m-%d %H:%M:%S} UTC: "
        f"their latest change was rejected{f', e.g. {stale.example}' if stale.example else ''}",
    )


def _volume(accepted: int, history: list[int]) -> Result:
    rule = rules.volume(history)
    if len(history) < LEAST_HISTORY:
        return not_evaluated(rule, reason=f"{len(history)} earlier batches, {LEAST_HISTORY} are needed to compare")
    return evaluated(rule, Decimal(accepted))


def _history(job: Job, counts: Mapping[str, Counts]) -> list[int]:
    """Return the numbers of accepted records of the last batches before these."""
    history = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    successes = attempts.last_successes(history, Move.STAGE_TO_RAW)
    earlier = sorted(batch_id for batch_id in successes if batch_id < min(counts))
    return [successes[batch_id].accepted or 0 for batch_id in earlier[-HISTORY:]]


def _freshness(rule: QualityRule, *, newest: int | None) -> Result:
    """Evaluate a freshness rule; `newest` is the time of the newest row in microseconds since 1970."""
    if newest is None:
        return not_evaluated(rule, reason="there is no row to measure")
    age = datetime.now(UTC).timestamp() - newest / 1_000_000
    return evaluated(rule, Decimal(str(round(age / 60, 1))))
