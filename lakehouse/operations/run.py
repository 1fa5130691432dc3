"""Bring what waits in stage to integration, by starting the Glue jobs and waiting for them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts, manifests
from lakehouse.batches.manifests import BATCHES_A_RUN
from lakehouse.batches.planning import plan_batch
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
    """One run of a job for a dataset, of a move's on batches of it; `state` is Glue's."""

    dataset: str
    move: Move | Fetch
    batch_ids: tuple[str, ...]
    run_id: str
    state: str
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.state == "SUCCEEDED"


def run(
    contracts: Iterable[Contract], *, names: Names, catalog: Catalog, on_change: Callable[[JobRun], None]
) -> list[JobRun]:
    """Run all moves of all datasets for what is waiting; a dataset that fails stops, the others go on.

    Args:
        contracts: the datasets.
        names: names of the deployment.
        catalog: Iceberg catalog.
        on_change: told of every job run when it starts and when it ends; called from several threads.

    Returns:
        the ended job runs; empty when nothing waited.
    """
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="run") as pool:
        ended = pool.map(
            lambda contract: list(run_dataset(contract, names=names, catalog=catalog, on_change=on_change)), contracts
        )
        return [job_run for job_runs in ended for job_run in job_runs]


def run_dataset(
    contract: Contract, *, names: Names, catalog: Catalog, on_change: Callable[[JobRun], None]
) -> Iterator[JobRun]:
    """Run the moves of one dataset, one after the other, until nothing waits or one fails."""
    session = boto3.Session()  # sessions are not safe to share between threads
    s3, glue = session.client("s3"), session.client("glue")
    while plan_batch(s3, names=names, contract=contract):
        pass
    for move in Move:
        while due := due_batches(s3, contract.dataset, names=names, catalog=catalog)[move]:
            batch_ids = due[:BATCHES_A_RUN]
            job_run = run_job(glue, move, batch_ids, names=names, contract=contract, on_change=on_change)
            yield job_run
            if not job_run.succeeded:
                return


def replay(contract: Contract, *, names: Names, catalog: Catalog, on_change: Callable[[JobRun], None]) -> list[JobRun]:
    """Read again the batches of a dataset that hold rejected records, under the contract in force, and move them on.

    A batch is read whole from stage and replaced whole in raw, so what was accepted before stays as it was.

    Returns:
        the ended job runs; empty when no record is rejected.
    """
    done = attempts.read(catalog, names=names, dataset=contract.dataset)
    loads = attempts.last_successes(done, Move.STAGE_TO_RAW)
    again = [batch_id for batch_id, load in sorted(loads.items()) if load.rejected]
    return rerun(contract, again, names=names, catalog=catalog, on_change=on_change) if again else []


def rerun(
    contract: Contract,
    batch_ids: Sequence[str],
    *,
    names: Names,
    catalog: Catalog,
    on_change: Callable[[JobRun], None],
) -> list[JobRun]:
    """Read some batches of a dataset again from stage, and move on what waits then.

    Returns:
        the ended job runs.

    Raises:
        LakehouseError: there is no such batch.
    """
    planned = list(manifests.batch_ids(boto3.client("s3"), names=names, dataset=contract.dataset))
    if unknown := sorted(set(batch_ids) - set(planned)):
        raise LakehouseError(
            f"{contract.dataset} has no batch {', '.join(unknown)}: its batches are "
            f"{f'{planned[0]} to {planned[-1]}' if planned else 'not planned yet'}"
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
    """Start a move's job on some batches and wait until it has ended."""
    started = start(glue, move, names=names, contract=contract, batch_ids=batch_ids)
    on_change(started)
    ended = wait(glue, started, names=names)
    on_change(ended)
    return ended


def due_batches(s3: "S3Client", dataset: str, *, names: Names, catalog: Catalog) -> dict[Move, list[str]]:
    """Ids of the batches that each move has still to do."""
    planned = manifests.batch_ids(s3, names=names, dataset=dataset)
    return attempts.pending(planned, attempts.read(catalog, names=names, dataset=dataset))


def pull(glue: "GlueClient", contract: Contract, *, names: Names) -> JobRun:
    """Have what is new of a dataset's API pulled to stage, and wait until that has ended."""
    started = start(glue, Fetch.API_TO_STAGE, names=names, contract=contract, batch_ids=())
    return wait(glue, started, names=names)


def start(
    glue: "GlueClient", move: Move | Fetch, *, names: Names, contract: Contract, batch_ids: Iterable[str]
) -> JobRun:
    """Start a job with what the dataset's size gives it; waits for a place when too many runs are active."""
    batch_ids = tuple(batch_ids)
    batches_ = {"--batch_ids": ",".join(batch_ids)} if batch_ids else {}

    def run_id() -> str | None:
        try:
            return glue.start_job_run(
                JobName=names.job(move),
                Arguments={"--dataset": contract.dataset} | batches_,
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
    """Wait until a job run has ended."""

    def ended() -> JobRun | None:
        glue_run = glue.get_job_run(JobName=names.job(job_run.move), RunId=job_run.run_id)["JobRun"]
        if glue_run["JobRunState"] not in ENDED:
            return None
        return replace(job_run, state=glue_run["JobRunState"], error=glue_run.get("ErrorMessage"))

    return wait_until(
        ended,
        subject=f"{job_run.dataset}: the end of run {job_run.run_id} of {names.job(job_run.move)}",
        first_pause=FIRST_PAUSE_SECONDS,
        longest_pause=LONGEST_PAUSE_SECONDS,
        growth=1.3,
        limit=RUN_LIMIT,
    )
