"""`lakehouse lineage`: what a table or column is made of, down to the files, and what is made of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.lineage import record
from lakehouse.lineage.graph import Graph, Place, of_events
from lakehouse.lineage.page import page
from lakehouse.settings import names_of

MOST_FILES = 5
"""Files of a batch that are printed; the rest are counted."""
WIDTH = 1000
"""Columns of what is no screen."""


def lineage(
    table: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE[.COLUMN]]", help="E.g. dim_customer, raw.orders.status, or a source's URI."),
    ] = None,
    upstream: Annotated[bool, typer.Option("--upstream", help="What it is made of: the default.")] = False,
    downstream: Annotated[bool, typer.Option("--downstream", help="What is made of it.")] = False,
    batches: Annotated[int, typer.Option(min=1, metavar="N", help="Batches of each raw table to show.")] = 3,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the graph as a page; of all tables if none is named.")
    ] = None,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show what a table or column is made of, down to batches, files and databases, or what is made of it.

    It is read from ops.lineage, which jobs and dbt models write when they run. A name without its zone means the table
    that is furthest from the sources. Without a table, all are listed.
    """
    names = names_of(env)
    graph = of_events(record.latest(catalog.load(), names=names, batches=batches), names=names)
    place = graph.find(table.removeprefix(names.ops_database.removesuffix("ops"))) if table else None
    up = upstream or not downstream
    if place and html:
        # The page shows both directions of a column within what was asked for.
        graph = graph.around(place, up=up, down=downstream)
    if html:
        _write(html, page(graph, chosen=place))
        console.print(f"{len(graph.tables)} tables: {html.resolve().as_uri()}", markup=False)
    elif place is None:
        for name in sorted(graph.tables):
            console.print(name, markup=False)
    else:
        # A screen folds long lines, a pipe gets them whole.
        output = console if console.is_terminal else Console(highlight=False, width=WIDTH)
        for direction in [True] * up + [False] * downstream:
            output.print(_tree(graph, place, up=direction), soft_wrap=False)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LakehouseError(f"can't write {file}: {error.strerror}") from error


def _tree(graph: Graph, place: Place, *, up: bool) -> Tree:
    """A place and, under it, what it is made of or what is made of it; what was shown is not gone into again."""
    shown: set[Place | str] = {place}

    def grow(branch: Tree, at: Place) -> Tree:
        if up and at[0] not in shown:
            shown.add(at[0])
            for line in _batches(graph, at[0]):
                branch.add(line)
        for edge in graph.sources(at) if up else graph.targets(at):
            further = edge.source if up else edge.target
            how = f"  by [cyan]{escape(edge.how)}[/]" if edge.how else ""
            if further in shown:
                branch.add(f"{_name(further)}{how} [dim](above)[/]")
            else:
                shown.add(further)
                grow(branch.add(f"{_name(further)}{how}{_run(graph, further[0])}"), further)
        return branch

    return grow(Tree(_name(place) + _run(graph, place[0])), place)


def _name(place: Place) -> str:
    return f"[bold]{escape('.'.join(filter(None, place)))}[/]"


def _run(graph: Graph, name: str) -> str:
    """How a table was written last, and which of its rules did not pass then."""
    table = graph.tables.get(name)
    if table is None or not table.made:
        return ""
    made = table.made[0]
    rows = "" if made.rows is None else f", {made.rows:,} rows"
    failed = ", ".join(rule for rule, passed in table.checks.items() if not passed)
    said = f"  [red]failed: {escape(failed)}[/]" if failed else ""
    return f"\n[dim]{escape(made.job)} {made.at:%Y-%m-%d %H:%M}{rows}[/]{said}"


def _batches(graph: Graph, name: str) -> Iterator[str]:
    """A line for each batch that brought a table's records, newest first, with its files."""
    table = graph.tables.get(name)
    for made in table.made if table else ():
        if made.files:
            files = [f"\n[dim]{escape(file)}[/]" for file in made.files[:MOST_FILES]]
            more = len(made.files) - MOST_FILES
            files += [f"\n[dim]and {more} more[/]"] if more > 0 else []
            rows = "" if made.rows is None else f": {made.rows:,} rows"
            yield f"batch {escape(', '.join(made.batch_ids))}{rows}{''.join(files)}"
