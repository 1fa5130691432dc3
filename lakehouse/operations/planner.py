"""What an unattended scheduler asks before it starts anything: plan what waits, and tell which batches are due.

It runs as a Lambda function, so this module and what it imports need boto3 and nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict

import boto3

from lakehouse.batches import attempts, manifests, pulls
from lakehouse.batches.attempts import Attempt
from lakehouse.batches.manifests import BATCHES_A_RUN
from lakehouse.batches.planning import plan_batch
from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine import athena
from lakehouse.names import Move, Names, OpsTable
from lakehouse.settings import names_of
from lakehouse.sizes import CAPACITIES, Capacity

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_s3 import S3Client

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=15), timedelta(days=1)
"""A dataset whose batch failed is left alone for so long; after each further failure for twice as long."""


class Asked(TypedDict):
    """A dataset as the scheduler names it: what planning needs of its contract, and what its job runs get.

    `pull_minutes` says how often its API is asked; 0 if it has none.
    """

    dataset: str
    stage_prefix: str
    ingest: str
    capacity: Capacity
    pull_minutes: int


class Due(Asked):
    """A dataset with work to do.

    `batches` are ids by move, joined by commas as the jobs take them, "" for none; `pull` says whether to ask its API.
    """

    batches: dict[str, str]
    pull: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    dataset: str
    stage_prefix: str
    ingest: Ingest


def asked(contract: Contract) -> Asked:
    """What the scheduler says of a dataset."""
    return Asked(
        dataset=contract.dataset,
        stage_prefix=contract.stage_prefix,
        ingest=str(contract.ingest),
        capacity=CAPACITIES[contract.size],
        pull_minutes=int(pulls.every(contract.freshness).total_seconds() // 60) if contract.source.api else 0,
    )


def handler(event: Mapping[str, Any], context: object) -> list[Due]:
    """Lambda's entry: plan and tell what is due, for the datasets of `event["datasets"]` (`Asked`) in one environment.

    Args:
        event: `environment` and `datasets`.
        context: Lambda's; not used.
    """
    names = names_of(event["environment"])
    done = read_attempts(boto3.client("athena"), names=names)
    return due(boto3.client("s3"), event["datasets"], done, names=names, now=datetime.now(UTC))


def due(
    s3: "S3Client", datasets: Iterable[Asked], done: Iterable[Attempt], *, names: Names, now: datetime
) -> list[Due]:
    """Plan what waits in stage, and tell what is due of each dataset; one with nothing to do is left out.

    Args:
        s3: S3 client.
        datasets: what to look at.
        done: attempts on their batches.
        names: names of the deployment.
        now: a dataset that failed lately is left out until its pause is over.
    """
    done = list(done)
    found: list[Due] = []
    for item in datasets:
        dataset = item["dataset"]
        waiting = _Waiting(dataset=dataset, stage_prefix=item["stage_prefix"], ingest=Ingest(item["ingest"]))
        while plan_batch(s3, names=names, contract=waiting):
            pass
        own = [attempt for attempt in done if attempt.dataset == dataset]
        pending = attempts.pending(manifests.batch_ids(s3, names=names, dataset=dataset), own)
        ids = {batch_id for move in Move for batch_id in pending[move]}
        minutes = item["pull_minutes"]
        pull = minutes > 0 and pulls.is_due(s3, names=names, dataset=dataset, minutes=minutes, now=now)
        if not ids and not pull:
            continue
        until = paused_until(attempt for attempt in own if attempt.batch_id in ids)
        if until is not None and now < until:
            print(f"{dataset}: its last runs failed; nothing is started before {until:%Y-%m-%d %H:%M} UTC")  # noqa: T201
            continue
        now_due = {str(move): ",".join(pending[move][:BATCHES_A_RUN]) for move in Move}
        found.append(Due(**item, batches=now_due, pull=pull))
    return found


def paused_until(tried: Iterable[Attempt]) -> datetime | None:
    """When batches that failed may be tried again; None if their last run succeeded.

    Args:
        tried: attempts on the batches that are due.
    """
    last_success = datetime.min.replace(tzinfo=UTC)
    failed: dict[str, datetime] = {}
    for attempt in tried:
        if attempt.state == attempts.SUCCEEDED:
            last_success = max(last_success, attempt.finished_at)
        else:
            failed[attempt.run_id] = attempt.finished_at
    in_a_row = sorted(at for at in failed.values() if at > last_success)
    if not in_a_row:
        return None
    doublings = min(len(in_a_row) - 1, 10)  # a timedelta has an end, and LONGEST_PAUSE comes long before it
    return in_a_row[-1] + min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def read_attempts(client: "AthenaClient", *, names: Names) -> list[Attempt]:
    """The attempts that tell what is due: each batch's and move's last success, and all failures.

    `lakehouse.batches.attempts` reads the same table by PyIceberg, which a function of boto3 alone has not.
    """
    sql = f"""
        SELECT dataset, batch_id, move, state, run_id, gate, to_unixtime(started_at), to_unixtime(finished_at)
        FROM (
            SELECT *, row_number() OVER (PARTITION BY dataset, batch_id, move, state ORDER BY finished_at DESC) AS age
            FROM {names.ops_database}.{OpsTable.BATCHES}
        )
        WHERE age = 1 OR state = '{attempts.FAILED}'
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
                client, sql, names=names, workgroup=names.dbt_workgroup
            ).rows
        ),
        key=lambda attempt: attempt.finished_at,
    )
