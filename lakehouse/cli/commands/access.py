"""`lakehouse access`: show which role may see which column."""

import csv
import sys
from collections import Counter
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, Contracts, checked_contracts, console
from lakehouse.cli.roles import role_named
from lakehouse.governance.access import Sight, matrix, tables
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.operations import dbt

MARKS = {Sight.ALL: "[green]yes[/]", Sight.SOME_ROWS: "[yellow]some rows[/]", Sight.NOTHING: "[dim]no[/]"}


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"


def access(
    role: Annotated[str | None, typer.Option(help=f"One of {', '.join(ROLES)}; all roles if not set.")] = None,
    form: Annotated[Format, typer.Option("--format", help="table, or csv for pipes.")] = Format.TABLE,
    contracts: Contracts = DEFAULT_CONTRACTS,
) -> None:
    """Show for each role and each column of each table whether the role may see it, from contracts and models.

    `some rows`: the role sees only the rows that match the rowFilter of the contract.

    Needs no AWS. Exit code 2: the role does not exist, or the contracts have violations.
    """
    roles = list(ROLES.values()) if role is None else [role_named(role)]
    # Access does not depend on the deployment, so the names of any deployment can be used.
    names = Names(environment="dev", account="000000000000", region="eu-central-1")
    rows = list(matrix(tables(checked_contracts(contracts), models=dbt.PROJECT, names=names), roles))
    header = ("zone", "table", "column", "classification", *(column_role.name for column_role in roles))
    lines = [(row.area, row.table, row.column, row.classification, *row.seen) for row in rows]
    if form is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerows([header, *lines])
        return
    output = Table()
    for number, heading in enumerate(header):
        # A shortened name cannot be copied, so columns keep their width on a narrow screen.
        output.add_column(heading, no_wrap=True, min_width=max(len(line[number]) for line in (header, *lines)))
    previous = None
    for row, line in zip(rows, lines, strict=True):
        place = (row.area, row.table)
        output.add_row(*(place if place != previous else ("", "")), *line[2:4], *(MARKS[sight] for sight in row.seen))
        previous = place
    console.print(output)
    for number, column_role in enumerate(roles):
        counts = Counter(row.seen[number] for row in rows)
        some = f", {counts[Sight.SOME_ROWS]} in some rows" if counts[Sight.SOME_ROWS] else ""
        console.print(f"{column_role.name}: {len(rows) - counts[Sight.NOTHING]} of {len(rows)} columns{some}")
