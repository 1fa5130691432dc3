"""The status of each dataset: last batches, age and promised freshness, rejected records, what is blocked, job runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, manifests
from lakehouse.batches.attempts import FAILED, Attempt, blocked, last_successes
from lakehouse.contracts.model import Contract
from lakehouse.names import Move, Names
from lakehouse.operations import replications
from lakehouse.operations.replications import Blockage, History
from lakehouse.quality import results as quality_results
from lakehouse.quality import rules
from lakehouse.quality.verdict import Verdict
from lakehouse.tables.rows import QualityRow

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

RUNNING = ("STARTING", "RUNNING", "WAITING", "STOPPING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The current status of one dataset, from the attempts on its batches and from Glue.

    Attributes:
        dataset: the dataset.
        waiting: number of planned batches that are not in integration yet.
        in_raw, in_integration: id of the last batch in each zone; None if there is none.
        arrived: when the newest batch of integration arrived in stage; None if there is none.
        age: time since then.
        freshness: maximum age that the contract promises; None if it promises none.
        received, rejected: number of records of all batches, each counted at its last load.
        blocked: ids of batches whose gates did not pass.
        failed: error of the last attempt; None if it succeeded.
        running: Glue job runs of the dataset that have not ended.
        source: why it may differ from its table in the source database, since when, and the remedy; None if it does
            not.
        stale: rows whose latest change was rejected, since when, and the remedy; None if there is none.
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
    source: str | None = None
    stale: str | None = None
    arrived: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether the newest data is older than the contract promises."""
        return self.freshness is not None and (self.age is None or self.age > self.freshness)


def statuses(contracts: Iterable[Contract], *, names: Names, catalog: Catalog) -> Iterator[Status]:
    """Yield the status of each dataset."""
    results = quality_results.results_of(catalog, names=names, rules=[rules.CURRENT, rules.EQUALS_SOURCE])
    yield from statuses_of(contracts, attempts.read(catalog, names=names), results, names=names)


def statuses_of(
    contracts: Iterable[Contract],
    recorded: Iterable[Attempt],
    results: Mapping[tuple[str, str], Sequence[QualityRow]],
    *,
    names: Names,
) -> Iterator[Status]:
    """Yield the status of each dataset.

    Args:
        contracts: the datasets.
        recorded: attempts on the batches of all datasets, oldest first.
        results: results of the rules `_current` and `_equals_source` by dataset and rule, oldest first.
        names: names of the deployment.
    """
    contracts = list(contracts)
    s3, running = boto3.client("s3"), running_jobs(boto3.client("glue"), names=names)
    planned = {
        contract.dataset: manifests.batch_ids(s3, names=names, dataset=contract.dataset) for contract in contracts
    }
    histories = {
        dataset: history(batches, results.get((dataset, rules.EQUALS_SOURCE), ()))
        for dataset, batches in planned.items()
    }
    sources = replications.blockages(contracts, names=names, histories=histories)
    attempts_of = attempts.by_dataset(recorded)
    for contract in contracts:
        dataset = contract.dataset
        own = attempts_of[dataset]
        newest = _last_batch(own, Move.RAW_TO_INTEGRATION)
        yield summary(
            contract,
            planned[dataset],
            own,
            arrived=manifests.load(s3, names=names, dataset=dataset, batch_id=newest).arrived_at if newest else None,
            running=running.get(dataset, ()),
            source=differs(dataset, results.get((dataset, rules.EQUALS_SOURCE), ())) or _text(sources.get(dataset)),
            stale=stale(dataset, results.get((dataset, rules.CURRENT), ()), histories[dataset]),
            now=datetime.now(UTC),
        )


def summary(
    contract: Contract,
    planned: Iterable[str],
    recorded: Sequence[Attempt],
    *,
    arrived: datetime | None,
    running: Iterable[str],
    now: datetime,
    source: str | None = None,
    stale: str | None = None,
) -> Status:
    """Compute the status of one dataset.

    Args:
        contract: the dataset.
        planned: ids of all its batches.
        recorded: attempts on the batches, oldest first.
        arrived: when the newest batch of integration arrived in stage; None if integration has no batch.
        running: job runs of the dataset that have not ended.
        now: current time.
        source: why it may differ from its table in the source database; None if it does not.
        stale: rows whose latest change was rejected; None if there is none.
    """
    integrated = last_successes(recorded, Move.RAW_TO_INTEGRATION)
    loads = last_successes(recorded, Move.STAGE_TO_RAW).values()
    return Status(
        dataset=contract.dataset,
        waiting=len(set(planned) - integrated.keys()),
        in_raw=_last_batch(recorded, Move.STAGE_TO_RAW),
        in_integration=_last_batch(recorded, Move.RAW_TO_INTEGRATION),
        arrived=arrived,
        age=now - arrived if arrived else None,
        freshness=contract.freshness,
        received=sum(load.received or 0 for load in loads),
        rejected=sum(load.rejected or 0 for load in loads),
        blocked=tuple(sorted(attempt.batch_id for attempt in blocked(recorded))),
        failed=recorded[-1].error if recorded and recorded[-1].state == FAILED else None,
        running=tuple(running),
        source=source,
        stale=stale,
    )


def history(batches: Mapping[str, datetime], reconciliations: Sequence[QualityRow]) -> History:
    """Return what the lakehouse knows about a dataset.

    Args:
        batches: when each batch was planned, by batch id.
        reconciliations: results of its comparisons with the source, oldest first.
    """
    passed = [result for result in reconciliations if result.result == Verdict.PASS]
    return History(
        first_batch=min(batches.values(), default=None), reconciled=passed[-1].evaluated_at if passed else None
    )


def differs(dataset: str, reconciliations: Sequence[QualityRow]) -> str | None:
    """Return what the last comparison with the source found; None if it found nothing, or there was none."""
    if not reconciliations or reconciliations[-1].result != Verdict.FAIL:
        return None
    last = reconciliations[-1]
    return (
        f"since {last.evaluated_at:%Y-%m-%d %H:%M:%S} UTC: {last.reason}. Run `lakehouse reconcile {dataset} --repair`"
    )


def stale(dataset: str, results: Sequence[QualityRow], known: History) -> str | None:
    """Return which rows are older than in the source because their latest change was rejected; None if none is."""
    if not results or results[-1].result == Verdict.PASS:
        return None
    if known.reconciled is not None and known.reconciled > results[-1].evaluated_at:
        return None
    return (
        f"{results[-1].reason}. Run `lakehouse quarantine {dataset}`. If the contract is wrong, fix it and run "
        f"`lakehouse tables apply`, then `lakehouse replay {dataset}`; otherwise have the source data changed"
    )


def _text(blockage: Blockage | None) -> str | None:
    return str(blockage) if blockage else None


def running_jobs(glue: "GlueClient", *, names: Names) -> Mapping[str, list[str]]:
    """Return the job runs that have not ended, as `MOVE RUN_ID` by dataset, among the latest 200 runs of each move."""
    running: dict[str, list[str]] = {}
    for move in Move:
        for run in glue.get_job_runs(JobName=names.job(move), MaxResults=200)["JobRuns"]:
            dataset = run.get("Arguments", {}).get("--dataset")
            if dataset and run["JobRunState"] in RUNNING:
                running.setdefault(dataset, []).append(f"{move} {run['Id']}")
    return running


def _last_batch(recorded: Iterable[Attempt], move: Move) -> str | None:
    """Return the newest moved batch; ids are numbered in the order of planning."""
    return max(last_successes(recorded, move), default=None)


def short(duration: timedelta | None) -> str:
    """Return a duration in days, hours or minutes, in the largest unit of which it has at least two, e.g. `36 h`."""
    if duration is None:
        return "-"
    minutes = duration.total_seconds() / 60
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} min"
