"""`lakehouse build`: the curated zone, by dbt."""

from typing import Annotated

import typer
from rich.table import Table

from lakehouse.batches import attempts
from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.engine import catalog
from lakehouse.operations import dbt
from lakehouse.settings import names_of

COLOURS = {"success": "green", "pass": "green", "warn": "yellow"}


def build(
    select: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL...]", help="dbt selectors, e.g. +sales_by_region_month.")
    ] = None,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Build and test the dimensions, facts and marts of the curated zone, by dbt on Athena.

    A model whose test fails stops those that depend on it, and so does a dataset that its gate holds; the tables that
    readers see are replaced one by one, each as a whole.
    """
    names = names_of(env)
    blocked = {attempt.dataset for attempt in attempts.blocked(attempts.read(catalog.load(), names=names))}
    if blocked:
        console.print(f"[yellow]blocked by their gates[/], with all that depends on them: {', '.join(sorted(blocked))}")
    table = Table("", "name", "status", "seconds", "")
    for node in dbt.build(names, select=tuple(select or ()), blocked=blocked):
        said = node.message or "" if node.status not in ("success", "pass") else ""
        status = f"[{COLOURS.get(node.status, 'dim')}]{node.status}[/]"
        table.add_row(node.kind, node.name, status, f"{node.seconds:.1f}", in_markup(said))
    console.print(table)
