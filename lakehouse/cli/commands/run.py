"""`lakehouse run` and `lakehouse replay`: what waits moves on, by the Glue jobs."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from pyiceberg.catalog import Catalog
from rich.table import Table

from lakehouse.batches import attempts
from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog as catalogs
from lakehouse.names import Move, Names
from lakehouse.operations import run as runner
from lakehouse.operations.run import JobRun
from lakehouse.quality import results as quality
from lakehouse.settings import names_of


def run(
    datasets: Annotated[list[str] | None, typer.Argument(metavar="[DATASET...]", help="All if none is named.")] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Move what waits in stage to raw and on to integration.

    Plans batches, starts the Glue jobs, and waits for them. A dataset that fails stops, the others go on: exit code 1
    then. Running again takes up what is left.
    """
    wanted = chosen(contracts, datasets or [])
    names, catalog = names_of(env), catalogs.load()
    ended = runner.run(wanted, names=names, catalog=catalog, on_change=show_change)
    if not ended:
        console.print("nothing waits")
    finish(ended, wanted, names=names, catalog=catalog)


def replay(
    dataset: Annotated[str, typer.Argument(help="Dataset whose rejected records are tried again.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Try rejected records again under the contract in force, and move on what it accepts now.

    Change the contract, put it in force with `lakehouse tables apply`, then replay.
    """
    (contract,) = chosen(contracts, [dataset])
    names, catalog = names_of(env), catalogs.load()
    ended = runner.replay(contract, names=names, catalog=catalog, on_change=show_change)
    if not ended:
        console.print(f"{dataset}: no record is rejected")
    finish(ended, [contract], names=names, catalog=catalog)


def rerun(
    dataset: Annotated[str, typer.Argument(help="Dataset of the batch.")],
    batch: Annotated[str, typer.Argument(help="Batch to read again from stage, e.g. orders-00000007.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Move one batch again, from stage on, under the contract in force.

    It takes the place of what its first run left, in raw and in integration; its rules are evaluated anew.
    """
    (contract,) = chosen(contracts, [dataset])
    names, catalog = names_of(env), catalogs.load()
    ended = runner.rerun(contract, [batch], names=names, catalog=catalog, on_change=show_change)
    finish(ended, [contract], names=names, catalog=catalog)


def show_change(job_run: JobRun) -> None:
    """Print one line when a job run starts and one when it ends."""
    first, *others = job_run.batch_ids
    batches = f"{first} and {len(others)} more" if others else first
    colour = {"STARTING": "dim", "SUCCEEDED": "green"}.get(job_run.state, "red")
    console.print(f"[{colour}]{job_run.state.lower():9}[/] {job_run.move.replace('_', ' ')}  {batches}")


def finish(ended: Sequence[JobRun], datasets: Iterable[Contract], *, names: Names, catalog: Catalog) -> None:
    """Print what the runs did, batch by batch, what failed and why, and what the gates of the datasets hold.

    Raises:
        typer.Exit: with code 1 if any run failed, or anything is blocked.
    """
    if ended:
        console.print(_summary(ended, names=names, catalog=catalog))
    failed = [job_run for job_run in ended if not job_run.succeeded]
    for job_run in failed:
        reason = in_markup(job_run.error or "no reason given")
        console.print(
            f"[red]{job_run.dataset}[/]: {job_run.move} {job_run.state}: {reason}\n"
            f"  batches {', '.join(job_run.batch_ids)}; log group {names.job_log_group(job_run.move, 'output')}, "
            f"stream {job_run.run_id}; mend it, then `lakehouse run {job_run.dataset}` takes up what is left"
        )
    is_blocked = [_show_blocked(contract.dataset, names=names, catalog=catalog) for contract in datasets]
    if failed or any(is_blocked):
        raise typer.Exit(1)


def _show_blocked(dataset: str, *, names: Names, catalog: Catalog) -> bool:
    blocked = attempts.blocked(attempts.read(catalog, names=names, dataset=dataset))
    run_ids = {attempt.run_id for attempt in blocked}
    reasons = quality.reasons(catalog, names=names, dataset=dataset, run_ids=run_ids) if blocked else {}
    for attempt in blocked:
        what = "stays in raw" if attempt.move is Move.STAGE_TO_RAW else "is in; what depends on the dataset waits"
        said = "\n".join(f"  {in_markup(reason)}" for reason in reasons[attempt.run_id, attempt.batch_id])
        console.print(
            f"[red]{dataset}[/]: {attempt.batch_id} {what}, its gate is {attempt.gate}\n{said}\n"
            f"  mend the data or the contract, then `lakehouse rerun {dataset} {attempt.batch_id}`"
        )
    return bool(blocked)


def _summary(ended: Iterable[JobRun], *, names: Names, catalog: Catalog) -> Table:
    table = Table("batch", "move")
    table.columns[0].overflow = "fold"  # an id that is cut short can't be copied
    for count in ("received", "accepted", "rejected", "changed"):
        table.add_column(count, justify="right")
    run_ids = {job_run.run_id for job_run in ended}
    for dataset in sorted({job_run.dataset for job_run in ended}):
        for attempt in attempts.read(catalog, names=names, dataset=dataset):
            if attempt.run_id in run_ids:
                counts = (attempt.received, attempt.accepted, attempt.rejected, attempt.changed)
                shown = ("" if count is None else f"{count:,}" for count in counts)
                table.add_row(attempt.batch_id, attempt.move.replace("_", " "), *shown)
    return table
