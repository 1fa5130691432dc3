"""Print the result of a statement as a table, as CSV, or as JSON."""

import csv
import json
import sys
from collections import Counter
from enum import StrEnum

from rich.table import Table
from rich.text import Text

from lakehouse.cli.options import console
from lakehouse.cli.printable import printable
from lakehouse.engine.athena import Result
from lakehouse.errors import LakehouseError

TABLE_ROWS = 1000
"""Most rows that are printed as a table; csv and json have no limit."""


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(result: Result, form: Format) -> None:
    """Print all rows of a result.

    Raises:
        LakehouseError: two columns have one name, and the format is json.
    """
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
