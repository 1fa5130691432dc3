"""`lakehouse tables`: create the Iceberg tables, and migrate them to the contracts."""

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
    checked_contracts,
    console,
)
from lakehouse.engine import catalog
from lakehouse.governance import lake_formation
from lakehouse.settings import names_of
from lakehouse.tables import migrations
from lakehouse.tables.diff import Action, Change

app = typer.Typer(no_args_is_help=True, help="Show how tables differ from the contracts, and apply the changes.")

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
    """Show how tables and their access rights differ from the contracts; changes nothing.

    + is created, ~ is changed without rewriting data, ! would break the table and is refused by apply, ? is left alone:
    its contract was removed, or it waits for the next deployment of the stacks.

    Needs read access to the deployment. Exit code 0 also if there are differences; 2: the contracts have violations.
    """
    checked, names = checked_contracts(contracts), names_of(env)
    changes = migrations.plan(catalog.load(), checked, names)
    changes += lake_formation.plan(boto3.client("lakeformation"), checked, names=names)
    _show(changes)
    counts = Counter(change.action for change in changes)
    others = sum(
        counts[action]
        for action in (Action.ADD, Action.RENAME, Action.ALTER, Action.DESCRIBE, Action.GOVERN, Action.OPTIMIZE)
    )
    console.print(f"{counts[Action.CREATE]} tables to create, {others} changes, {counts[Action.BREAK]} refused")


@app.command()
def apply(contracts: Contracts = DEFAULT_CONTRACTS, env: Environment = DEFAULT_ENVIRONMENT) -> None:
    """Create, evolve and classify the tables, and publish the contracts, which makes them active for the jobs.

    Columns are added and types are widened without rewriting data. If a change would break a table, all changes are
    refused before anything is changed. Applying again changes nothing. It also creates the Glue database `default` if
    the account does not have it, because Athena and Spark may open it.

    Needs write access to the deployment. Exit code 0: tables and contracts agree; 2: the contracts have violations, or
    a change was refused.
    """
    names = names_of(env)
    with console.status("applying"):
        checked = checked_contracts(contracts)
        changes = migrations.apply(catalog.load(), checked, names)
        changes += lake_formation.apply(boto3.client("lakeformation"), checked, names=names)
    _show(changes)
    console.print(f"{sum(change.action not in (Action.ORPHAN, Action.WAIT) for change in changes)} changes applied")
    console.print(f"active contracts: {names.contracts_uri}")


def _show(changes: Sequence[Change]) -> None:
    for table, group in groupby(sorted(changes, key=attrgetter("table")), key=attrgetter("table")):
        console.print(f"[bold]{table}[/bold]")
        for change in group:
            console.print(f"  {_MARKS[change.action]} ", end="")
            console.print(change.detail, markup=False)
