"""What a dataset's tasks ask of `ops.batches`, through Athena: Airflow's environment has no library for Iceberg."""

import boto3

from lakehouse import batches, ops, planner
from lakehouse.names import Move, Names
from lakehouse.ops import Attempt


def attempts(dataset: str, *, names: Names) -> list[Attempt]:
    """Attempts on a dataset's batches that tell what is due and what is held, oldest first."""
    done = planner.attempts(boto3.client("athena"), names=names)
    return [attempt for attempt in done if attempt.dataset == dataset]


def due(dataset: str, move: Move, done: list[Attempt], *, names: Names) -> list[str]:
    """Ids of the batches that a move has to do now, oldest first; as many as one job run takes."""
    planned = batches.batch_ids(boto3.client("s3"), names=names, dataset=dataset)
    return ops.pending(planned, done)[move][: batches.BATCHES_A_RUN]
