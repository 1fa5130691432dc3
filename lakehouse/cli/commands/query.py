"""`lakehouse query` and `lakehouse releases`: run one statement on Athena, also on an earlier state of the tables."""

import csv
import json
import sys
from collections import Counter
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import in_markup, printable
from lakehouse.contracts.violations import one_of
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.operations import releases as past
from lakehouse.releases import release
from lakehouse.settings import names_of

TABLE_ROWS = 1000
"""Most rows that are printed as a table; csv and json have no limit."""


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(
    sql: Annotated[str, typer.Argument(help="One statement in Athena's SQL.")],
    form: Annotated[Format, typer.Option("--format", help="table, or for pipes csv or json (one object per line).")] = (
        Format.TABLE
    ),
    role: Annotated[
        str,
        typer.Option(envvar="LAKEHOUSE_ROLE", help=f"Role whose workgroup is used: {', '.join(ROLES)}."),
    ] = "analyst",
    when: Annotated[
        str | None,
        typer.Option("--as-of", metavar="RELEASE|TIME|TAG", help="Read all tables in their state at that release."),
    ] = None,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Run one SQL statement on Athena, in the workgroup of a role.

    The databases are lakehouse_<env>_raw, _integration, _curated and _ops:

        lakehouse query "select * from lakehouse_dev_curated.sales_by_region_month"

    With --as-of, each table of integration and curated is read in its state in one release (`lakehouse releases`): the
    named one, or the last one at a time (ISO 8601, UTC). With a tag, each table is read in the state that has this tag.

    Needs the permissions of the role; a release needs a role that reads ops. Exit code 2: the role or the release does
    not exist, the release lacks a table of the query or its snapshot expired, or Athena refused the statement.
    """
    if role not in ROLES:
        raise LakehouseError(f"no role {role!r}: {one_of(role, ROLES)}")
    result = past.query(sql, role=ROLES[role], names=names_of(env), when=when)
    columns = [name for name, _ in result.columns]
    match form:
        case Format.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns)
            writer.writerows(result.rows)
        case Format.JSON:
            if repeated := [name for name, times in Counter(columns).items() if times > 1]:
                raise LakehouseError(
                    f"--format json needs distinct column names: rename the repeated {', '.join(repeated)} with `AS`"
                )
            for row in result.rows:
                sys.stdout.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
        case Format.TABLE:
            table = Table()
            for column in columns:
                table.add_column(Text(printable(column)))
            for count, row in enumerate(result.rows):
                if count == TABLE_ROWS:
                    table.caption = f"the first {TABLE_ROWS:,} rows; --format csv prints all rows"
                    break
                table.add_row(*(_cell(value) for value in row))
            if columns:
                console.print(table)
            console.print(f"{result.scanned_bytes:,} bytes scanned", style="dim")


def _cell(value: str | None) -> Text:
    return Text("null", style="dim") if value is None else Text(printable(value, lines=True))


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
