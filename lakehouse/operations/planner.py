"""The planner of the schedulers: plan waiting objects, and return the batches and pulls that are due.

It runs as a Lambda function in which only boto3 is installed, so this module and all its imports need nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict

import boto3

from lakehouse.batches import pulls
from lakehouse.batches.attempts import FAILED, SUCCEEDED, Attempt, by_dataset
from lakehouse.batches.due import due_batches
from lakehouse.batches.manifests import BATCHES_A_RUN
from lakehouse.batches.planning import plan_batches
from lakehouse.contracts import index
from lakehouse.contracts.index import Entry
from lakehouse.contracts.model import Ingest
from lakehouse.engine import athena
from lakehouse.names import Move, Names, OpsTable
from lakehouse.settings import names_of
from lakehouse.sizes import CAPACITIES, Capacity, Size

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_s3 import S3Client

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=15), timedelta(days=1)
"""Pause of a dataset after its first failed run and the limit; each further failure doubles the pause."""


MOST_DATASETS = 100
"""Datasets of one execution; the next execution takes the others. An execution has at most 25,000 events, and the
results of its datasets at most 256 KiB (Step Functions developer guide, "Quotas")."""


class PlannerInput(TypedDict):
    """A dataset in the input of the planner: the parts of its contract that planning and job runs need.

    `pull_minutes` is the interval between pulls of its API; 0 if it has no API.
    """

    dataset: str
    stage_prefix: str
    ingest: str
    capacity: Capacity
    pull_minutes: int


class Waiting(PlannerInput):
    """A dataset with due work; `pull` is whether its API is due."""

    pull: bool


class Due(Waiting):
    """A dataset with its due work.

    `batches` contains the batch ids of each move, joined by commas as the jobs take them, "" for none.
    """

    batches: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plannable:
    """The parts of a contract that `plan_batches` reads."""

    dataset: str
    stage_prefix: str
    ingest: Ingest


def planner_input(entry: Entry) -> PlannerInput:
    """Return the input of the planner for a dataset."""
    seconds = entry["freshness_seconds"]
    freshness = None if seconds is None else timedelta(seconds=seconds)
    return PlannerInput(
        dataset=entry["dataset"],
        stage_prefix=entry["stage_prefix"],
        ingest=entry["ingest"],
        capacity=CAPACITIES[Size(entry["size"])],
        pull_minutes=int(pulls.interval(freshness).total_seconds() // 60) if entry["type"] == "api" else 0,
    )


def handler(event: Mapping[str, Any], context: object) -> Sequence[Waiting | Due]:
    """Plan datasets and return those with due work; the entry point of the Lambda function.

    Args:
        event: `environment`, and `datasets` as a list of `PlannerInput`; without it, all active datasets are planned.
        context: context of Lambda; not used.

    Returns:
        Given datasets, those with due work. Of all datasets, the `MOST_DATASETS` that have waited longest, without
        their batches: each is planned again when its turn comes.
    """
    names, s3 = names_of(event["environment"]), boto3.client("s3")
    recorded = relevant_attempts(boto3.client("athena"), names=names)
    if "datasets" in event:
        return due(s3, event["datasets"], recorded, names=names, now=datetime.now(UTC))
    inputs = map(planner_input, index.read(s3, names=names))
    return first_in_line(due(s3, inputs, recorded, names=names, now=datetime.now(UTC)), recorded)


def first_in_line(found: Iterable[Due], recorded: Iterable[Attempt]) -> list[Waiting]:
    """Return the datasets whose last attempt is longest ago, without batches, as many as one execution can take."""
    last = {attempt.dataset: attempt.finished_at for attempt in recorded}
    never = datetime.min.replace(tzinfo=UTC)
    in_line = sorted(found, key=lambda one: last.get(one["dataset"], never))[:MOST_DATASETS]
    return [Waiting(**{name: one[name] for name in Waiting.__annotations__}) for one in in_line]  # type: ignore[typeddict-item,literal-required]


def due(
    s3: "S3Client", datasets: Iterable[PlannerInput], recorded: Iterable[Attempt], *, names: Names, now: datetime
) -> list[Due]:
    """Plan waiting objects in stage and return the due work of each dataset that has some.

    Args:
        s3: S3 client.
        datasets: the datasets.
        recorded: attempts on their batches.
        names: names of the deployment.
        now: current time; a dataset that failed recently is left out until its pause is over.
    """
    attempts_of = by_dataset(recorded)
    due_datasets: list[Due] = []
    for inputs in datasets:
        dataset = inputs["dataset"]
        plannable = _Plannable(dataset=dataset, stage_prefix=inputs["stage_prefix"], ingest=Ingest(inputs["ingest"]))
        last = plan_batches(s3, names=names, contract=plannable).last
        own = attempts_of[dataset]
        due_ids = due_batches(s3, dataset, own, names=names, last=last)
        ids = {batch_id for move in Move for batch_id in due_ids[move]}
        minutes = inputs["pull_minutes"]
        pull = minutes > 0 and pulls.is_due(s3, names=names, dataset=dataset, minutes=minutes, now=now)
        if not ids and not pull:
            continue
        until = paused_until(attempt for attempt in own if attempt.batch_id in ids)
        if until is not None and now < until:
            print(f"{dataset}: the last runs failed; no job starts before {until:%Y-%m-%d %H:%M} UTC")  # noqa: T201
            continue
        batches = {str(move): ",".join(due_ids[move][:BATCHES_A_RUN]) for move in Move}
        due_datasets.append(Due(**inputs, batches=batches, pull=pull))
    return due_datasets


def paused_until(recorded: Iterable[Attempt]) -> datetime | None:
    """Return the time until which failed batches are not retried; None if their last run succeeded.

    Args:
        recorded: attempts on the batches that are due.
    """
    last_success = datetime.min.replace(tzinfo=UTC)
    failed: dict[str, datetime] = {}
    for attempt in recorded:
        if attempt.state == SUCCEEDED:
            last_success = max(last_success, attempt.finished_at)
        elif attempt.state == FAILED:
            failed[attempt.run_id] = attempt.finished_at
    in_a_row = sorted(at for at in failed.values() if at > last_success)
    if not in_a_row:
        return None
    doublings = min(len(in_a_row) - 1, 10)  # more would overflow the timedelta, and LONGEST_PAUSE is reached earlier
    return in_a_row[-1] + min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def relevant_attempts(client: "AthenaClient", *, names: Names) -> list[Attempt]:
    """Return the attempts that decide what is due: the last success of each batch and move, and all failures.

    `lakehouse.batches.attempts` reads the same table with PyIceberg, which the Lambda function does not have.
    """
    sql = f"""
        SELECT dataset, batch_id, move, state, run_id, gate, to_unixtime(started_at), to_unixtime(finished_at)
        FROM (
            SELECT *, row_number() OVER (PARTITION BY dataset, batch_id, move, state ORDER BY finished_at DESC) AS age
            FROM {names.ops_database}.{OpsTable.BATCHES}
        )
        WHERE age = 1 OR state = '{FAILED}'
    """  # noqa: S608 - our own names
    return sorted(
        (
            Attempt(
                dataset=str(dataset),
                batch_id=str(batch_id),
                move=Move(str(move)),
                state=str(state),
                run_id=str(run_id),
                gate=gate,
                started_at=datetime.fromtimestamp(float(str(started_at)), UTC),
                finished_at=datetime.fromtimestamp(float(str(finished_at)), UTC),
            )
            for dataset, batch_id, move, state, run_id, gate, started_at, finished_at in athena.query(
                client, sql, names=names, workgroup=names.dbt_workgroup, database=names.ops_database
            ).rows
        ),
        key=lambda attempt: attempt.finished_at,
    )
