"""`lakehouse releases`: list the states of all tables that runs published."""

from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import in_markup
from lakehouse.engine import catalog
from lakehouse.releases import release
from lakehouse.settings import names_of


def releases(
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="Number of releases.")] = 10,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """List the last releases, newest first, each with what started it and the rows that it changed by table.

    A release is the state that all tables of integration and curated had after a run that published something. A row of
    a file that was rewritten counts as added and as removed.

    Needs read access to ops. Exit code 2: the call was refused.
    """
    names = names_of(env)
    found = release.read(catalog.load(), names=names)
    if not found:
        console.print("no release yet: `lakehouse run` and `lakehouse build` record one when they publish something")
        return
    table = Table("release", "time (UTC)", "started by", "tables", "changed", "added", "removed")
    for column in table.columns[:5]:
        column.overflow = "fold"  # a shortened id cannot be copied
    for one in reversed(found[-last:]):
        counts = (one.added, one.removed)
        table.add_row(
            one.release_id,
            f"{one.released_at:%Y-%m-%d %H:%M:%S}",
            in_markup(one.started_by),
            f"{len(one.tables)}",
            "\n".join(one.changed),
            *("\n".join(f"{number:,}" for number in numbers) for numbers in counts),
        )
    console.print(table)
