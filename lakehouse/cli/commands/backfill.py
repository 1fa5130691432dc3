"""`lakehouse backfill`: move all batches of a period again."""

from datetime import datetime
from typing import Annotated

import boto3
import typer

from lakehouse.batches import attempts
from lakehouse.cli.commands.run import finish, show_change
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.operations import dbt
from lakehouse.operations.backfill import Backfill, estimate_duration, plan_backfill, run_backfill
from lakehouse.releases.recording import released
from lakehouse.settings import names_of
from lakehouse.sizes import CAPACITIES

DAY = ["%Y-%m-%d"]
UNITS = {"G.1X": 1, "G.2X": 2}
"""Data processing units (DPU) of one worker, by Glue's worker type."""


def backfill(
    dataset: Annotated[str, typer.Argument(help="Dataset of the batches.")],
    first: Annotated[datetime, typer.Option("--from", formats=DAY, help="First day of arrival, in UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, help="Last day of arrival, in UTC.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the batches and change nothing.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=50, help="Number of job runs at the same time.")] = 2,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Move all batches that arrived in a period again, from stage on, under the active contract.

    Newer data that waits in stage is moved first. If the command is interrupted, run it again with the same period: it
    continues with the remaining batches. `lakehouse rerun --help` describes what moving a batch again changes.

    Needs the objects of the batches in stage. Exit code 0: all batches were moved; 1: a job run failed, or a gate
    blocks a batch; 2: the call was refused.
    """
    (contract,), names, iceberg = contracts_of(contracts, [dataset]), names_of(env), catalog.load()
    recorded = attempts.read(iceberg, names=names, dataset=dataset)
    planned = plan_backfill(
        boto3.client("s3"), contract, first=first.date(), last=last.date(), names=names, recorded=recorded
    )
    console.print(_description(planned, contract, recorded))
    if dry_run or not planned.remaining:
        return
    with released(names, profile=dbt.profile(), started_by="lakehouse backfill"):
        moved = run_backfill(contract, planned, at_once=at_once, names=names, catalog=iceberg, on_change=show_change)
        ended = list(moved)
    finish(ended, [contract], names=names, iceberg=iceberg)


def _description(planned: Backfill, contract: Contract, recorded: list[attempts.Attempt]) -> str:
    if not planned.batches:
        return f"{planned.dataset}: no loaded batch arrived from {planned.first} to {planned.last}"
    lines = [
        f"{planned.dataset}: {len(planned.remaining)} of {len(planned.batches)} batches to move, "
        f"{planned.remaining[0]} to {planned.remaining[-1]}, {planned.bytes / 2**20:,.1f} MB"
        + (f"; started {planned.requested_at:%Y-%m-%d %H:%M} UTC" if planned.requested_at else "")
    ]
    duration = estimate_duration(planned, recorded)
    if duration is not None:
        capacity = CAPACITIES[contract.size]
        units = duration.total_seconds() / 3600 * capacity["NumberOfWorkers"] * UNITS[capacity["WorkerType"]]
        lines.append(
            f"estimated from earlier runs: {duration.total_seconds():,.0f} s of job time, at most {units:,.2f} "
            "DPU-hours; `lakehouse cost` shows the price of a DPU-hour"
        )
    return "\n".join(lines)
