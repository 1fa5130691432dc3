"""`lakehouse access`: who may see which column."""

import csv
import sys
from collections import Counter
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, Contracts, checked, console
from lakehouse.contracts.violations import one_of
from lakehouse.errors import LakehouseError
from lakehouse.governance.access import Sight, matrix, tables
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.operations import dbt

MARKS = {Sight.ALL: "[green]yes[/]", Sight.SOME_ROWS: "[yellow]some rows[/]", Sight.NOTHING: "[dim]no[/]"}


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"


def access(
    role: Annotated[str | None, typer.Option(help=f"One of {', '.join(ROLES)}; all if none is named.")] = None,
    form: Annotated[Format, typer.Option("--format", help="csv is for pipes.")] = Format.TABLE,
    contracts: Contracts = DEFAULT_CONTRACTS,
) -> None:
    """Show for each role and each column of each table whether it is visible, out of contracts and models.

    `some rows` are those that the contract's rowFilter lets through. Needs no AWS.
    """
    if role not in (None, *ROLES):
        raise LakehouseError(f"no role {role!r}: {one_of(role, ROLES)}")
    roles = [ROLES[role]] if role else list(ROLES.values())
    # Where tables stand says nothing of who sees them: names of any deployment will do.
    names = Names(environment="dev", account="000000000000", region="eu-central-1")
    rows = list(matrix(tables(checked(contracts), models=dbt.PROJECT, names=names), roles))
    header = ("zone", "table", "column", "classification", *(item.name for item in roles))
    lines = [(row.area, row.table, row.column, row.classification, *row.seen) for row in rows]
    if form is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerows([header, *lines])
        return
    shown = Table()
    for number, word in enumerate(header):
        # A name that is cut short is no name, however narrow the screen is.
        shown.add_column(word, no_wrap=True, min_width=max(len(line[number]) for line in (header, *lines)))
    before = None
    for row, line in zip(rows, lines, strict=True):
        place = (row.area, row.table)
        shown.add_row(*(place if place != before else ("", "")), *line[2:4], *(MARKS[sight] for sight in row.seen))
        before = place
    console.print(shown)
    for number, item in enumerate(roles):
        counts = Counter(row.seen[number] for row in rows)
        some = f", {counts[Sight.SOME_ROWS]} in some rows" if counts[Sight.SOME_ROWS] else ""
        console.print(f"{item.name}: {len(rows) - counts[Sight.NOTHING]} of {len(rows)} columns{some}")
