"""`lakehouse build`: build the curated zone with dbt."""

import os
from typing import Annotated

import typer
from rich.table import Table

from lakehouse.batches import attempts
from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.engine import catalog
from lakehouse.operations import dbt
from lakehouse.releases.recording import released
from lakehouse.settings import names_of

COLOURS = {"success": "green", "pass": "green", "warn": "yellow"}


def build(
    select: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL...]", help="dbt selectors, e.g. +sales_by_region_month.")
    ] = None,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Build and test the dimensions, fact tables and marts of the curated zone, with dbt on Athena.

    Readers see the new rows of a model only after its tests passed. If one fails, the model and the models that depend
    on it keep their last published rows, and the error names the table with the refused rows. Models that depend on a
    blocked dataset are not built. A model whose rows did not change is not published again. A build that published
    something records a release (`lakehouse releases`).

    Needs dbt (`make setup`). Exit code 0: all selected models and tests succeeded; 2: dbt could not run, or a model or
    test failed.
    """
    names = names_of(env)
    blocked = {attempt.dataset for attempt in attempts.blocked(attempts.read(catalog.load(), names=names))}
    if blocked:
        console.print(
            f"[yellow]blocked by their gates[/]: {', '.join(sorted(blocked))}; models that depend on them are not built"
        )
    table = Table("", "name", "status", "seconds", "readers", "")
    with released(names, profile=dbt.profile(), started_by=os.environ.get(dbt.PARENT) or "lakehouse build"):
        nodes = dbt.build(names, select=tuple(select or ()), blocked=blocked)
    for node in nodes:
        message = node.message or "" if node.status not in ("success", "pass") else ""
        status = f"[{COLOURS.get(node.status, 'dim')}]{node.status}[/]"
        readers = node.publication.state if node.publication else ""
        table.add_row(node.kind, node.name, status, f"{node.seconds:.1f}", readers, in_markup(message))
    console.print(table)
