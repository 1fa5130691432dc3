"""`lakehouse query`: one Athena statement."""

import csv
import json
import sys
from collections import Counter
from enum import StrEnum
from typing import Annotated

import boto3
import typer
from rich.table import Table
from rich.text import Text

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.cli.printable import printable
from lakehouse.contracts.violations import one_of
from lakehouse.engine.athena import query as ask
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.settings import names_of

TABLE_ROWS = 1000
"""A table on a screen ends here and says so; csv and json have no limit."""


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(
    sql: Annotated[str, typer.Argument(help="One statement, in Athena's SQL.")],
    form: Annotated[Format, typer.Option("--format", help="csv and json (one object a line) are for pipes.")] = (
        Format.TABLE
    ),
    role: Annotated[
        str, typer.Option(envvar="LAKEHOUSE_ROLE", help=f"Whose workgroup it runs in: {', '.join(ROLES)}.")
    ] = "analyst",
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Run SQL on Athena, in the workgroup of your role.

    Databases are lakehouse_<env>_raw, _integration, _curated and _ops:

        lakehouse query "select * from lakehouse_dev_curated.sales_by_region_month"
    """
    if role not in ROLES:
        raise LakehouseError(f"no role {role!r}: {one_of(role, ROLES)}")
    deployment = names_of(env)
    result = ask(boto3.client("athena"), sql, names=deployment, workgroup=deployment.workgroup_of(role))
    names = [name for name, _ in result.columns]
    match form:
        case Format.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerow(names)
            writer.writerows(result.rows)
        case Format.JSON:
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                raise LakehouseError(f"an object has each name once: tell the columns {', '.join(twice)} apart by `as`")
            for row in result.rows:
                sys.stdout.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
        case Format.TABLE:
            table = Table()
            for name in names:
                table.add_column(Text(printable(name)))
            for count, row in enumerate(result.rows):
                if count == TABLE_ROWS:
                    table.caption = f"the first {TABLE_ROWS:,} rows; --format csv prints all"
                    break
                table.add_row(*(_cell(value) for value in row))
            if names:
                console.print(table)
            console.print(f"{result.scanned_bytes:,} bytes scanned", style="dim")


def _cell(value: str | None) -> Text:
    return Text("null", style="dim") if value is None else Text(printable(value, lines=True))
