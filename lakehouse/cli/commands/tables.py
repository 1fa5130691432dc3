"""`lakehouse tables`: Iceberg tables as migrations."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import boto3
import typer

from lakehouse.cli.options import (
    DEFAULT_CONTRACTS,
    DEFAULT_ENVIRONMENT,
    Contracts,
    Environment,
    checked,
    console,
)
from lakehouse.engine import catalog
from lakehouse.governance import lake_formation
from lakehouse.settings import names_of
from lakehouse.tables import migrations
from lakehouse.tables.diff import Action, Change

app = typer.Typer(no_args_is_help=True, help="Tables of the datasets: see what would change, and change it.")

_MARKS = {
    Action.CREATE: "[green]+[/green]",
    Action.ADD: "[green]+[/green]",
    Action.RENAME: "[yellow]~[/yellow]",
    Action.ALTER: "[yellow]~[/yellow]",
    Action.DESCRIBE: "[yellow]~[/yellow]",
    Action.GOVERN: "[yellow]~[/yellow]",
    Action.OPTIMIZE: "[yellow]~[/yellow]",
    Action.BREAK: "[red]![/red]",
    Action.ORPHAN: "[dim]?[/dim]",
    Action.WAIT: "[dim]?[/dim]",
}


@app.command()
def plan(contracts: Contracts = DEFAULT_CONTRACTS, env: Environment = DEFAULT_ENVIRONMENT) -> None:
    """Show what differs between contracts and tables, who may see what included; changes nothing.

    + is made, ~ is changed without touching data, ! would break the table and is refused by apply,
    ? has no contract any more and is left alone, or waits for the next deployment of the stacks.
    """
    read, names = checked(contracts), names_of(env)
    found = migrations.plan(catalog.load(), read, names)
    found += lake_formation.plan(boto3.client("lakeformation"), read, names=names)
    _show(found)
    counts = Counter(change.action for change in found)
    others = sum(
        counts[action]
        for action in (Action.ADD, Action.RENAME, Action.ALTER, Action.DESCRIBE, Action.GOVERN, Action.OPTIMIZE)
    )
    console.print(f"{counts[Action.CREATE]} tables to create, {others} changes, {counts[Action.BREAK]} refused")


@app.command()
def apply(contracts: Contracts = DEFAULT_CONTRACTS, env: Environment = DEFAULT_ENVIRONMENT) -> None:
    """Create, evolve and classify the tables, and put the contracts in force for the jobs.

    Columns are added and types widened without touching data. A change that would break a table is refused before
    anything is changed. Applying twice changes nothing.
    """
    names = names_of(env)
    with console.status("applying"):
        read = checked(contracts)
        made = migrations.apply(catalog.load(), read, names)
        made += lake_formation.apply(boto3.client("lakeformation"), read, names=names)
    _show(made)
    console.print(f"{sum(change.action not in (Action.ORPHAN, Action.WAIT) for change in made)} changes applied")
    console.print(f"contracts in force: {names.contracts_uri}")


def _show(found: Sequence[Change]) -> None:
    for table, changes in groupby(sorted(found, key=attrgetter("table")), key=attrgetter("table")):
        console.print(f"[bold]{table}[/bold]")
        for change in changes:
            console.print(f"  {_MARKS[change.action]} ", end="")
            console.print(change.detail, markup=False)
