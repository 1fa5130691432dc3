"""Queries of a dataset's tasks to the ops tables, through Athena: Airflow's environment has no Iceberg library."""

from collections.abc import Sequence

import boto3

from lakehouse.batches.attempts import Attempt
from lakehouse.batches.due import due_batches
from lakehouse.batches.manifests import BATCHES_A_RUN
from lakehouse.contracts.model import Severity
from lakehouse.engine import athena
from lakehouse.names import Move, Names, OpsTable
from lakehouse.operations import planner
from lakehouse.quality.verdict import Verdict


def attempts(dataset: str, *, names: Names) -> list[Attempt]:
    """Return the attempts on a dataset's batches that decide what is due and what is blocked, oldest first."""
    recorded = planner.relevant_attempts(boto3.client("athena"), names=names)
    return [attempt for attempt in recorded if attempt.dataset == dataset]


def due(dataset: str, move: Move, recorded: list[Attempt], *, names: Names) -> list[str]:
    """Return the ids of the batches that are due for a move, oldest first, at most as many as one job run takes."""
    return due_batches(boto3.client("s3"), dataset, recorded, names=names)[move][:BATCHES_A_RUN]


def reasons(blocked: Sequence[Attempt], *, names: Names) -> str:
    """Return why batches of a dataset are blocked: each rule of severity `error` that did not pass, with its reason."""
    (dataset,) = {attempt.dataset for attempt in blocked}
    runs = ", ".join(sorted({athena.literal(attempt.run_id) for attempt in blocked}))
    sql = f"""
        SELECT DISTINCT batch_id, zone, rule, result, reason FROM {names.ops_database}.{OpsTable.QUALITY_RESULTS}
        WHERE dataset = {athena.literal(dataset)} AND run_id IN ({runs})
            AND severity = '{Severity.ERROR}' AND result <> '{Verdict.PASS}'
        ORDER BY 1, 2, 3
    """  # noqa: S608 - our own names
    client = boto3.client("athena")
    answer = athena.query(client, sql, names=names, workgroup=names.dbt_workgroup, database=names.ops_database)
    return "; ".join(
        f"{batch_id} in {zone}: rule {rule} {result}: {reason}" for batch_id, zone, rule, result, reason in answer.rows
    )
