"""`lakehouse diff`: show how the rows of a table differ between two snapshots."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from pyiceberg.table.snapshots import Snapshot

from lakehouse.cli.options import (
    DEFAULT_CONTRACTS,
    DEFAULT_ENVIRONMENT,
    Contracts,
    Environment,
    checked_contracts,
    console,
)
from lakehouse.cli.printable import printable
from lakehouse.comparison.difference import ColumnChange
from lakehouse.comparison.rows import Example
from lakehouse.engine import catalog
from lakehouse.operations import dbt
from lakehouse.operations.diff import Comparison, compare
from lakehouse.settings import names_of

VALUE_CHARACTERS = 60


def diff(
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="A dataset, or ZONE.TABLE such as curated.sales_by_region_month.")
    ],
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--between",
            metavar="OLD NEW",
            help="Two snapshots: id, or ISO 8601 time (UTC). Without it: the current snapshot and the one before it.",
        ),
    ] = None,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Show which rows of a table were added, removed and changed between two snapshots, and which columns changed.

    Rows are matched by the key of the contract, or by the grain of the model. Without a key, a changed row counts as
    one that was removed and one that was added. Columns that the caller may not see are counted, and their values are
    not printed. Data files that both snapshots have are not read.

    Needs read access to the table's files. Exit code 0 also if there are differences; 2: there is no such table or
    snapshot.
    """
    names = names_of(env)
    checked = checked_contracts(contracts)
    with console.status("comparing"):
        found = compare(catalog.load(), table, between=between, contracts=checked, models=dbt.PROJECT, names=names)
    for line in lines(found):
        console.print(line, markup=False)


def lines(found: Comparison) -> Iterator[str]:
    """Yield the lines that show a comparison."""
    difference = found.difference
    yield f"{found.name}: {_of(found.old)} -> {_of(found.new)}"
    yield from map(printable, difference.schema)
    changed = "" if difference.changed is None else f", {difference.changed:,} changed"
    key = f"by {', '.join(found.key)}" if difference.changed is not None else "as whole rows, the table has no key"
    yield f"rows: {difference.added:,} added, {difference.removed:,} removed{changed} ({key})"
    for column in difference.columns:
        yield f"  {printable(column.name)}: {column.rows:,} changed"
        if column.name in found.hidden:
            yield "    its values are not shown to you"
        yield from _examples(column, found.key)


def _examples(column: ColumnChange, key: tuple[str, ...]) -> Iterator[str]:
    for example in column.examples:
        yield f"    {_key(example, key)}{_value(example.old)} -> {_value(example.new)}"


def _key(example: Example, key: tuple[str, ...]) -> str:
    if example.key is None:
        return ""
    return ", ".join(f"{name} {_value(value)}" for name, value in zip(key, example.key, strict=True)) + ": "


def _value(value: object) -> str:
    text = "null" if value is None else printable(str(value))
    return text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS] + "..."


def _of(snapshot: Snapshot) -> str:
    at = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
    return f"snapshot {snapshot.snapshot_id} ({at:%Y-%m-%d %H:%M:%S} UTC)"
