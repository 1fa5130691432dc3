"""Move waiting data from stage to integration: start the Glue jobs and wait for them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, manifests
from lakehouse.batches.attempts import Attempt
from lakehouse.batches.due import due_batches
from lakehouse.batches.manifests import BATCHES_A_RUN
from lakehouse.batches.planning import plan_batches
from lakehouse.contracts.model import Contract
from lakehouse.engine.waiting import wait_until
from lakehouse.errors import LakehouseError
from lakehouse.names import Fetch, Move, Names
from lakehouse.sizes import CAPACITIES

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 10.0

RUN_LIMIT = timedelta(days=1)
"""Limit of the wait for a free run and for the end of a run; the time-out of each size is shorter."""

ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One run of a Glue job for a dataset.

    Attributes:
        dataset: the dataset.
        move: the move of its batches, or the pull of its API.
        batch_ids: batches of the run; empty for a pull.
        run_id: id of the run in Glue.
        state: state of the run in Glue.
        error: Glue's error message; None if there is none.
    """

    dataset: str
    move: Move | Fetch
    batch_ids: tuple[str, ...]
    run_id: str
    state: str
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the run ended and succeeded."""
        return self.state == "SUCCEEDED"


def run_datasets(
    contracts: Iterable[Contract], *, names: Names, catalog: Catalog, on_change: Callable[[JobRun], None]
) -> list[JobRun]:
    """Run both moves of some datasets; if a dataset fails, the others go on.

    Args:
        contracts: the datasets.
        names: names of the deployment.
        catalog: Iceberg catalog.
        on_change: called with every job run when it starts and when it ends, from several threads.

    Returns:
        the ended job runs; empty if no batch was due.
    """
    contracts = list(contracts)
    recorded = attempts.read_once(catalog, [contract.dataset for contract in contracts], names=names)
    clients = _clients()

    def run(contract: Contract) -> list[JobRun]:
        of_dataset = recorded(contract.dataset)
        return list(_run(clients, contract, of_dataset, names=names, catalog=catalog, on_change=on_change))

    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="run") as pool:
        return [job_run for job_runs in pool.map(run, contracts) for job_run in job_runs]


def run_dataset(
    contract: Contract, *, names: Names, catalog: Catalog, on_change: Callable[[JobRun], None]
) -> Iterator[JobRun]:
    """Plan batches and run the moves of one dataset one after the other, until no batch is due or a run fails.

    Yields:
        each job run after it has ended.
    """
    recorded = attempts.read(catalog, names=names, dataset=contract.dataset)
    return _run(_clients(), contract, recorded, names=names, catalog=catalog, on_change=on_change)


def _clients() -> tuple["S3Client", "GlueClient"]:
    session = boto3.Session()  # the default session is not safe to share between threads; clients are
    return session.client("s3"), session.client("glue")


def _run(
    clients: tuple["S3Client", "GlueClient"],
    contract: Contract,
    recorded: list[Attempt],
    *,
    names: Names,
    catalog: Catalog,
    on_change: Callable[[JobRun], None],
) -> Iterator[JobRun]:
    s3, glue = clients
    dataset = contract.dataset
    last = plan_batches(s3, names=names, contract=contract).last
    if not any(due_batches(s3, dataset, recorded, names=names, last=last).values()):
        return
    for move in Move:
        while True:
            # Read again, because another run may have moved the batches in the meantime.
            recorded = attempts.read(catalog, names=names, dataset=dataset)
            batch_ids = due_batches(s3, dataset, recorded, names=names)[move][:BATCHES_A_RUN]
            if not batch_ids:
                break
            job_run = run_job(glue, move, batch_ids, names=names, contract=contract, on_change=on_change)
            yield job_run
            if not job_run.succeeded:
                return


def replay_rejected(
    contract: Contract, *, names: Names, catalog: Catalog, on_change: Callable[[JobRun], None]
) -> list[JobRun]:
    """Rerun the batches of a dataset that have rejected records.

    Returns:
        the ended job runs; empty if no record is rejected.
    """
    recorded = attempts.read(catalog, names=names, dataset=contract.dataset)
    loads = attempts.last_successes(recorded, Move.STAGE_TO_RAW)
    batch_ids = [batch_id for batch_id, load in sorted(loads.items()) if load.rejected]
    return rerun_batches(contract, batch_ids, names=names, catalog=catalog, on_change=on_change) if batch_ids else []


def rerun_batches(
    contract: Contract,
    batch_ids: Sequence[str],
    *,
    names: Names,
    catalog: Catalog,
    on_change: Callable[[JobRun], None],
) -> list[JobRun]:
    """Load some batches of a dataset again from stage under the active contract, then run all moves that are due.

    A batch is read completely and replaced completely in raw, so records that were accepted before stay accepted.

    Returns:
        the ended job runs.

    Raises:
        LakehouseError: a batch does not exist.
    """
    planned = list(manifests.batch_ids(boto3.client("s3"), names=names, dataset=contract.dataset))
    if unknown := sorted(set(batch_ids) - set(planned)):
        raise LakehouseError(
            f"{contract.dataset} has no batch {', '.join(unknown)}; "
            + (f"expected one of {planned[0]} to {planned[-1]}" if planned else "no batch of it has been planned yet")
        )
    glue = boto3.client("glue")
    ended = []
    for first in range(0, len(batch_ids), BATCHES_A_RUN):
        part = batch_ids[first : first + BATCHES_A_RUN]
        ended.append(run_job(glue, Move.STAGE_TO_RAW, part, names=names, contract=contract, on_change=on_change))
        if not ended[-1].succeeded:
            return ended
    return ended + list(run_dataset(contract, names=names, catalog=catalog, on_change=on_change))


def run_job(
    glue: "GlueClient",
    move: Move,
    batch_ids: Iterable[str],
    *,
    names: Names,
    contract: Contract,
    on_change: Callable[[JobRun], None],
) -> JobRun:
    """Start the job of a move on some batches and wait until it has ended."""
    started = start(glue, move, names=names, contract=contract, batch_ids=batch_ids)
    on_change(started)
    ended = wait(glue, started, names=names)
    on_change(ended)
    return ended


def run_pull(glue: "GlueClient", contract: Contract, *, names: Names) -> JobRun:
    """Start the job that pulls a dataset's API to stage and wait until it has ended."""
    started = start(glue, Fetch.API_TO_STAGE, names=names, contract=contract, batch_ids=())
    return wait(glue, started, names=names)


def start(
    glue: "GlueClient", move: Move | Fetch, *, names: Names, contract: Contract, batch_ids: Iterable[str]
) -> JobRun:
    """Start a job with the capacity of the dataset's size; wait while too many runs of the job are active."""
    batch_ids = tuple(batch_ids)
    batch_argument = {"--batch_ids": ",".join(batch_ids)} if batch_ids else {}

    def run_id() -> str | None:
        try:
            return glue.start_job_run(
                JobName=names.job(move),
                Arguments={"--dataset": contract.dataset} | batch_argument,
                **CAPACITIES[contract.size],
            )["JobRunId"]
        except glue.exceptions.ConcurrentRunsExceededException:
            return None

    started = wait_until(
        run_id,
        subject=f"{contract.dataset}: the start of a run of {names.job(move)}",
        first_pause=FIRST_PAUSE_SECONDS,
        longest_pause=LONGEST_PAUSE_SECONDS,
        growth=2,
        limit=RUN_LIMIT,
    )
    return JobRun(dataset=contract.dataset, move=move, batch_ids=batch_ids, run_id=started, state="STARTING")


def wait(glue: "GlueClient", job_run: JobRun, *, names: Names) -> JobRun:
    """Wait until a job run has ended and return it with its final state."""

    def ended() -> JobRun | None:
        current = glue.get_job_run(JobName=names.job(job_run.move), RunId=job_run.run_id)["JobRun"]
        if current["JobRunState"] not in ENDED:
            return None
        return replace(job_run, state=current["JobRunState"], error=current.get("ErrorMessage"))

    return wait_until(
        ended,
        subject=f"{job_run.dataset}: the end of run {job_run.run_id} of {names.job(job_run.move)}",
        first_pause=FIRST_PAUSE_SECONDS,
        longest_pause=LONGEST_PAUSE_SECONDS,
        growth=1.3,
        limit=RUN_LIMIT,
    )
