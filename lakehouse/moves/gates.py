"""What is evaluated after which move: the contract's rules, and three that every dataset has.

After stage -> raw it is the batch that is measured, by rules that a part of a dataset can answer; after
raw -> integration the dataset's live rows, by all of them. Names of built-in rules begin with `_`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import functions as fn

from lakehouse.batches import attempts
from lakehouse.contracts import dms
from lakehouse.contracts.columns import BATCH_ID, COMMIT_TIMESTAMP, DELETED, ERRORS, INGESTED_AT, OPERATION
from lakehouse.contracts.model import Ingest, QualityRule
from lakehouse.moves.job import Counts, Job
from lakehouse.names import Move, Zone
from lakehouse.quality import rules
from lakehouse.quality.measure import evaluate
from lakehouse.quality.results import Result, judged, not_evaluated

HISTORY, LEAST_HISTORY = 30, 5
"""Batches that volume is compared with, and how few are too few to compare with."""


def of_batches(job: Job, counts: Mapping[str, Counts], *, erased_from: bool = False) -> dict[str, list[Result]]:
    """Results of batches that are in raw now, by batch id.

    Args:
        job: the run.
        counts: of each batch.
        erased_from: whether a person was erased from them: where nothing is left, that is no fault of the source.
    """
    contract = job.contract
    received = job.spark.table(f"{job.names.database(Zone.RAW)}.{contract.dataset}")
    before = _history(job, counts)
    found = {}
    for batch_id, counted in counts.items():
        accepted = received.where((fn.col(BATCH_ID) == batch_id) & fn.col(ERRORS).isNull())
        if contract.source.is_database:  # a delete may have its key only
            accepted = accepted.where(fn.coalesce(fn.col(OPERATION), fn.lit("")) != dms.DELETE)
        of_a_record = [rule for rule in contract.quality if rule.metric in rules.OF_A_RECORD]
        may_be_empty = contract.may_be_empty or (erased_from and not counted["received"])
        found[batch_id] = [
            judged(rules.accepted(may_be_empty=may_be_empty), Decimal(counted["accepted"])),
            _volume(counted["accepted"], before),
            *(
                evaluate(accepted, of_a_record, contract, may_be_empty=may_be_empty or counted["accepted"] > 0)
                if of_a_record
                else []
            ),
        ]
    return found


def of_dataset(job: Job, counts: Mapping[str, Counts]) -> dict[str, list[Result]]:
    """Results of the dataset as it is with some batches, under the last of them."""
    contract = job.contract
    live = job.spark.table(f"{job.names.database(Zone.INTEGRATION)}.{contract.dataset}")
    if contract.ingest is not Ingest.APPEND:
        live = live.where(~fn.col(DELETED))
    results = evaluate(live, contract.quality, contract, may_be_empty=contract.may_be_empty)
    if promised := rules.freshness(contract):
        stamp = COMMIT_TIMESTAMP if contract.source.is_database else INGESTED_AT
        (newest,) = live.agg(fn.max(fn.unix_micros(fn.col(stamp))).alias("newest")).collect()
        results.append(_freshness(promised, newest["newest"]))
    return {max(counts): results}


def _volume(accepted: int, before: list[int]) -> Result:
    rule = rules.volume(before)
    if len(before) < LEAST_HISTORY:
        return not_evaluated(rule, reason=f"{len(before)} earlier batches, {LEAST_HISTORY} are needed to compare")
    return judged(rule, Decimal(accepted))


def _history(job: Job, now: Mapping[str, Counts]) -> list[int]:
    """Accepted records of the last batches before these."""
    done = attempts.read(job.catalog, names=job.names, dataset=job.contract.dataset)
    loads = attempts.last_successes(done, Move.STAGE_TO_RAW)
    before = sorted(batch_id for batch_id in loads if batch_id < min(now))
    return [loads[batch_id].accepted or 0 for batch_id in before[-HISTORY:]]


def _freshness(rule: QualityRule, newest: int | None) -> Result:
    if newest is None:
        return not_evaluated(rule, reason="there is no row to measure")
    age = datetime.now(UTC).timestamp() - newest / 1_000_000
    return judged(rule, Decimal(str(round(age / 60, 1))))
