"""`lakehouse backfill`: batches of a period again."""

from datetime import datetime
from typing import Annotated

import boto3
import typer

from lakehouse.batches import attempts
from lakehouse.cli.commands.run import finish, show_change
from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog as catalogs
from lakehouse.operations import backfill as backfills
from lakehouse.operations.backfill import Backfill
from lakehouse.settings import names_of
from lakehouse.sizes import CAPACITIES

DAY = ["%Y-%m-%d"]
UNITS = {"G.1X": 1, "G.2X": 2}
"""Glue's data processing units of a worker."""


def backfill(
    dataset: Annotated[str, typer.Argument(help="Dataset of the batches.")],
    first: Annotated[datetime, typer.Option("--from", formats=DAY, help="First day of arrival, in UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, help="Last day of arrival, in UTC.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=50, help="Job runs at the same time.")] = 2,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Move the batches that arrived in a period again, from stage on, under the contract in force.

    What waits in stage goes first. Stopped at any point, the same command takes up what is left.
    """
    (contract,) = chosen(contracts, [dataset])
    names, catalog = names_of(env), catalogs.load()
    done = attempts.read(catalog, names=names, dataset=dataset)
    found = backfills.look(boto3.client("s3"), contract, first=first.date(), last=last.date(), names=names, done=done)
    console.print(_plan(found, contract, done))
    if dry_run or not found.left:
        return
    ended = list(backfills.run(contract, found, at_once=at_once, names=names, catalog=catalog, on_change=show_change))
    finish(ended, [contract], names=names, catalog=catalog)


def _plan(found: Backfill, contract: Contract, done: list[attempts.Attempt]) -> str:
    if not found.batches:
        return f"{found.dataset}: no loaded batch arrived from {found.first} to {found.last}"
    lines = [
        f"{found.dataset}: {len(found.left)} of {len(found.batches)} batches to move, "
        f"{found.left[0]} to {found.left[-1]}, {found.bytes / 2**20:,.1f} MB"
        + (f"; begun {found.asked_at:%Y-%m-%d %H:%M} UTC" if found.asked_at else "")
    ]
    time = backfills.estimate(found, done)
    if time is not None:
        capacity = CAPACITIES[contract.size]
        units = time.total_seconds() / 3600 * capacity["NumberOfWorkers"] * UNITS[capacity["WorkerType"]]
        lines.append(
            f"by the runs before: {time.total_seconds():,.0f} s of jobs, at most {units:,.2f} DPU-hours; "
            "`lakehouse cost` has the price of one"
        )
    return "\n".join(lines)
