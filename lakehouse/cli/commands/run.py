"""`lakehouse run`, `lakehouse replay` and `lakehouse rerun`: move batches with the Glue jobs."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from pyiceberg.catalog import Catalog
from rich.table import Table

from lakehouse.batches import attempts
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.cli.printable import in_markup
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.names import Move, Names
from lakehouse.operations import dbt
from lakehouse.operations.run import JobRun, replay_rejected, rerun_batches, run_datasets
from lakehouse.quality import results
from lakehouse.releases.recording import released
from lakehouse.settings import names_of


def run(
    datasets: Annotated[list[str] | None, typer.Argument(metavar="[DATASET...]", help="All if none is named.")] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Move all data that waits in stage to raw and integration.

    Plans batches, starts the Glue jobs and waits for them. If a dataset fails, the other datasets go on. Running it
    again continues with the remaining batches.

    Needs a deployment with published contracts (`lakehouse tables apply`). Exit code 0: all batches were moved, or
    there were none; 1: a job run failed, or a gate blocks a batch; 2: the call was refused.
    """
    selected, names, iceberg = contracts_of(contracts, datasets or []), names_of(env), catalog.load()
    with released(names, profile=dbt.profile(), started_by="lakehouse run"):
        ended = run_datasets(selected, names=names, catalog=iceberg, on_change=show_change)
    if not ended:
        console.print("no data waits in stage")
    finish(ended, selected, names=names, iceberg=iceberg)


def replay(
    dataset: Annotated[str, typer.Argument(help="Dataset with rejected records.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Read all batches with rejected records again under the active contract, and move the records it accepts now.

    Fix the contract, publish it with `lakehouse tables apply`, then run this. The batches are read again from stage, so
    their objects must not have expired.

    Exit code 0: the batches were moved, or no record is rejected; 1: a job run failed, or a gate blocks a batch; 2: the
    call was refused.
    """
    (contract,), names, iceberg = contracts_of(contracts, [dataset]), names_of(env), catalog.load()
    with released(names, profile=dbt.profile(), started_by="lakehouse replay"):
        ended = replay_rejected(contract, names=names, catalog=iceberg, on_change=show_change)
    if not ended:
        console.print(f"{dataset}: no rejected records")
    finish(ended, [contract], names=names, iceberg=iceberg)


def rerun(
    dataset: Annotated[str, typer.Argument(help="Dataset of the batch.")],
    batch: Annotated[str, typer.Argument(help="Batch to read again from stage, e.g. orders-00000007.")],
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Move one batch again, from stage to raw and integration, under the active contract.

    In raw the batch replaces all rows of its earlier load, and its quality rules are evaluated again. In integration
    the result depends on the contract. With upsert, the later version of each row is kept. Append-only datasets with
    `deduplicate: none` or `record` only get records that are missing; rows that are there already do not change.

    Needs the objects of the batch in stage. Exit code 0: the batch was moved; 1: a job run failed, or a gate blocks a
    batch; 2: the call was refused, for example because the batch does not exist.
    """
    (contract,), names, iceberg = contracts_of(contracts, [dataset]), names_of(env), catalog.load()
    with released(names, profile=dbt.profile(), started_by="lakehouse rerun"):
        ended = rerun_batches(contract, [batch], names=names, catalog=iceberg, on_change=show_change)
    finish(ended, [contract], names=names, iceberg=iceberg)


def show_change(job_run: JobRun) -> None:
    """Print one line when a job run starts and one when it ends."""
    first, *others = job_run.batch_ids
    batches = f"{first} and {len(others)} more" if others else first
    colour = {"STARTING": "dim", "SUCCEEDED": "green"}.get(job_run.state, "red")
    console.print(f"[{colour}]{job_run.state.lower():9}[/] {job_run.move.replace('_', ' ')}  {batches}")


def finish(ended: Sequence[JobRun], datasets: Iterable[Contract], *, names: Names, iceberg: Catalog) -> None:
    """Print the counts of each batch, the reasons of failed runs, and the batches that gates block.

    Raises:
        typer.Exit: with code 1 if a run failed or a gate blocks a batch.
    """
    if ended:
        console.print(_summary(ended, names=names, iceberg=iceberg))
    failed = [job_run for job_run in ended if not job_run.succeeded]
    for job_run in failed:
        reason = in_markup(job_run.error or "Glue gives no reason")
        console.print(
            f"[red]{job_run.dataset}[/]: {job_run.move} {job_run.state}: {reason}\n"
            f"  batches {', '.join(job_run.batch_ids)}; log group {names.job_log_group(job_run.move, 'output')}, "
            f"stream {job_run.run_id}\n"
            f"  fix the cause, then run `lakehouse run {job_run.dataset}`; it continues with the remaining batches"
        )
    is_blocked = [_show_blocked(contract.dataset, names=names, iceberg=iceberg) for contract in datasets]
    if failed or any(is_blocked):
        raise typer.Exit(1)


def _show_blocked(dataset: str, *, names: Names, iceberg: Catalog) -> bool:
    """Print the batches of a dataset that gates block; return whether there are any."""
    blocked = attempts.blocked(attempts.read(iceberg, names=names, dataset=dataset))
    run_ids = {attempt.run_id for attempt in blocked}
    reasons = results.reasons(iceberg, names=names, dataset=dataset, run_ids=run_ids) if blocked else {}
    for attempt in blocked:
        effect = (
            "stays in raw and is not moved to integration"
            if attempt.move is Move.STAGE_TO_RAW
            else "is in raw only; integration has the last state that passed, and the next batch is moved with it"
        )
        failed_rules = "\n".join(f"  {in_markup(reason)}" for reason in reasons[attempt.run_id, attempt.batch_id])
        console.print(
            f"[red]{dataset}[/]: batch {attempt.batch_id} is blocked, its gate is {attempt.gate}: it {effect}\n"
            f"{failed_rules}\n"
            f"  fix the source data or the contract, then run `lakehouse rerun {dataset} {attempt.batch_id}`"
        )
    return bool(blocked)


def _summary(ended: Iterable[JobRun], *, names: Names, iceberg: Catalog) -> Table:
    table = Table("batch", "move")
    table.columns[0].overflow = "fold"  # a shortened id cannot be copied
    for count in ("received", "accepted", "rejected", "changed"):
        table.add_column(count, justify="right")
    run_ids = {job_run.run_id for job_run in ended}
    for dataset in sorted({job_run.dataset for job_run in ended}):
        for attempt in attempts.read(iceberg, names=names, dataset=dataset):
            if attempt.run_id in run_ids:
                counts = (attempt.received, attempt.accepted, attempt.rejected, attempt.changed)
                cells = ("" if count is None else f"{count:,}" for count in counts)
                table.add_row(attempt.batch_id, attempt.move.replace("_", " "), *cells)
    return table
