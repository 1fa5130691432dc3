"""`lakehouse lineage`: show the sources of a table or column, down to files, or the tables that use it."""

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
"""Most files of a batch that are printed; the others are counted."""
WIDTH = 1000
"""Line width if the output is not a terminal."""


def lineage(
    table: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE[.COLUMN]]", help="E.g. dim_customer, raw.orders.status, or a source's URI."),
    ] = None,
    upstream: Annotated[bool, typer.Option("--upstream", help="Show its sources (the default).")] = False,
    downstream: Annotated[bool, typer.Option("--downstream", help="Show the tables that use it.")] = False,
    batches: Annotated[int, typer.Option(min=1, metavar="N", help="Latest batches of each raw table to show.")] = 3,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page, of all tables if none is named.")
    ] = None,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show the sources of a table or column, down to batches, files and databases, or the tables that use it.

    Reads ops.lineage, which jobs and dbt models write when they run. A name without a zone means the table in the zone
    that is furthest from the sources. Without a table, all tables are listed.

    Needs read access to ops. Exit code 2: no table or column has that name, or the page cannot be written.
    """
    names = names_of(env)
    graph = of_events(record.latest(catalog.load(), names=names, batches=batches), names=names)
    place = graph.find(table.removeprefix(names.ops_database.removesuffix("ops"))) if table else None
    up = upstream or not downstream
    if place and html:
        # Within this part of the graph, the page shows both directions of a column.
        graph = graph.around(place, up=up, down=downstream)
    if html:
        _write(html, page(graph, chosen=place))
        console.print(f"{len(graph.tables)} tables: {html.resolve().as_uri()}", markup=False)
    elif place is None:
        for name in sorted(graph.tables):
            console.print(name, markup=False)
    else:
        # A terminal folds long lines; a pipe gets each line as a whole.
        output = console if console.is_terminal else Console(highlight=False, width=WIDTH)
        for direction in [True] * up + [False] * downstream:
            output.print(_tree(graph, place, up=direction), soft_wrap=False)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LakehouseError(f"cannot write {file}: {error.strerror}") from error


def _tree(graph: Graph, place: Place, *, up: bool) -> Tree:
    """Return a tree of the sources or targets of a place; a place that occurs again is not expanded again."""
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
    """Return a line about the last run that wrote a table, with the quality rules that failed; "" for a source."""
    table = graph.tables.get(name)
    if table is None or not table.runs:
        return ""
    last = table.runs[0]
    rows = "" if last.rows is None else f", {last.rows:,} rows"
    failed = ", ".join(rule for rule, passed in table.checks.items() if not passed)
    failure = f"  [red]failed: {escape(failed)}[/]" if failed else ""
    return f"\n[dim]{escape(last.job)} {last.at:%Y-%m-%d %H:%M}{rows}[/]{failure}"


def _batches(graph: Graph, name: str) -> Iterator[str]:
    """Yield a line for each batch that was loaded into a table, newest first, with its files."""
    table = graph.tables.get(name)
    for run in table.runs if table else ():
        if run.files:
            files = [f"\n[dim]{escape(file)}[/]" for file in run.files[:MOST_FILES]]
            more = len(run.files) - MOST_FILES
            files += [f"\n[dim]and {more} more[/]"] if more > 0 else []
            rows = "" if run.rows is None else f": {run.rows:,} rows"
            yield f"batch {escape(', '.join(run.batch_ids))}{rows}{''.join(files)}"
