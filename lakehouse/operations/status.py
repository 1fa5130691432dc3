"""How each dataset stands: last batch in each zone, age against its SLA, what was rejected, is blocked or is running."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, manifests
from lakehouse.batches.attempts import Attempt
from lakehouse.contracts.model import Contract
from lakehouse.names import Move, Names

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

RUNNING = ("STARTING", "RUNNING", "WAITING", "STOPPING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One dataset, as the records of its batches and Glue tell it now.

    Args:
        dataset: the dataset.
        waiting: batches that are planned and not in integration yet.
        in_raw, in_integration: last batch in each zone; None if there is none.
        age: time since the newest batch that is in integration arrived in stage; None if there is none.
        freshness: how old the contract lets the newest data be.
        received, rejected: records of all batches, as each was loaded last.
        blocked: batches that gates hold, or after which what depends on the dataset waits.
        failed: why the last attempt failed; None if it did not.
        running: Glue job runs on the dataset that have not ended.
    """

    dataset: str
    waiting: int
    in_raw: str | None
    in_integration: str | None
    age: timedelta | None
    freshness: timedelta | None
    received: int
    rejected: int
    blocked: tuple[str, ...]
    failed: str | None
    running: tuple[str, ...]

    @property
    def is_late(self) -> bool:
        """Whether its newest data is older than its contract allows."""
        return self.freshness is not None and (self.age is None or self.age > self.freshness)


def status(contracts: Iterable[Contract], *, names: Names, catalog: Catalog) -> list[Status]:
    """How each dataset stands, in the order given."""
    s3, running = boto3.client("s3"), running_jobs(boto3.client("glue"), names=names)
    done: dict[str, list[Attempt]] = {}
    for attempt in attempts.read(catalog, names=names):
        done.setdefault(attempt.dataset, []).append(attempt)
    found = []
    for contract in contracts:
        dataset = contract.dataset
        planned = manifests.batch_ids(s3, names=names, dataset=dataset)
        history = done.get(dataset, [])
        newest = _last(history, Move.RAW_TO_INTEGRATION)
        arrived = manifests.load(s3, names=names, dataset=dataset, batch_id=newest).arrived_at if newest else None
        found.append(
            summary(
                contract, planned, history, arrived=arrived, running=running.get(dataset, ()), now=datetime.now(UTC)
            )
        )
    return found


def summary(
    contract: Contract,
    planned: Iterable[str],
    history: Sequence[Attempt],
    *,
    arrived: datetime | None,
    running: Iterable[str],
    now: datetime,
) -> Status:
    """What the records of one dataset say.

    Args:
        contract: the dataset.
        planned: ids of all its batches.
        history: attempts on these, oldest first.
        arrived: when the newest batch in integration arrived in stage.
        running: its job runs that have not ended.
        now: the time that ages are taken at.
    """
    merged = attempts.last_successes(history, Move.RAW_TO_INTEGRATION)
    loads = attempts.last_successes(history, Move.STAGE_TO_RAW).values()
    return Status(
        dataset=contract.dataset,
        waiting=len(set(planned) - merged.keys()),
        in_raw=_last(history, Move.STAGE_TO_RAW),
        in_integration=_last(history, Move.RAW_TO_INTEGRATION),
        age=now - arrived if arrived else None,
        freshness=contract.freshness,
        received=sum(load.received or 0 for load in loads),
        rejected=sum(load.rejected or 0 for load in loads),
        blocked=tuple(sorted(one.batch_id for one in attempts.blocked(history))),
        failed=history[-1].error if history and history[-1].state == attempts.FAILED else None,
        running=tuple(running),
    )


def running_jobs(glue: "GlueClient", *, names: Names) -> Mapping[str, list[str]]:
    """Job runs that have not ended, as `move run-id`, by dataset; looks at the latest 200 runs of each move."""
    found: dict[str, list[str]] = {}
    for move in Move:
        for run in glue.get_job_runs(JobName=names.job(move), MaxResults=200)["JobRuns"]:
            dataset = run.get("Arguments", {}).get("--dataset")
            if dataset and run["JobRunState"] in RUNNING:
                found.setdefault(dataset, []).append(f"{move} {run['Id']}")
    return found


def _last(history: Iterable[Attempt], move: Move) -> str | None:
    """The newest batch that is there: batches are numbered as they are planned."""
    return max(attempts.last_successes(history, move), default=None)
