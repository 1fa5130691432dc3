"""`lakehouse maintain`: maintain the Iceberg tables."""

from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.maintenance.maintain import Outcome, Size, maintain_table
from lakehouse.settings import names_of
from lakehouse.tables import ops
from lakehouse.tables.definition import Definition, integration, raw


def maintain(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DATASET...]", help="All, and the ops tables, if none is named."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the work and change nothing.")] = False,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Purge tombstones after their retention, compact small files, expire snapshots, delete orphan files.

    Work that Glue's optimizers do for a table is skipped; the column `by Glue` shows when they ran last. The command is
    safe while jobs and readers use the tables, and can be repeated.

    Needs write access to the tables. Exit code 2: the call was refused, or a table could not be maintained.
    """
    selected, names, iceberg = contracts_of(contracts, datasets or []), names_of(env), catalog.load()
    work: list[tuple[Definition, Contract | None]] = [(raw(contract, names=names), None) for contract in selected]
    work += [(integration(contract, names=names), contract) for contract in selected]
    if not datasets:
        work += [(definition, None) for definition in ops.definitions(names=names)]
    table = Table("table", "files", "snapshots", "tombstones", "small files", "expired", "orphans", "by Glue")
    table.columns[0].no_wrap = True
    with console.status("inspecting" if dry_run else "maintaining"):
        for definition, contract in work:
            table.add_row(*_row(maintain_table(iceberg, definition, contract, names=names, dry_run=dry_run)))
    console.print(table)
    if dry_run:
        console.print("nothing was changed")


def _row(outcome: Outcome) -> tuple[str, ...]:
    if outcome.before is None or outcome.after is None:
        return outcome.table, "no table"
    return (
        outcome.table,
        _change(_files(outcome.before), _files(outcome.after)),
        _change(str(outcome.before.snapshots), str(outcome.after.snapshots)),
        _number(outcome.tombstones),
        _number(outcome.compacted),
        _number(outcome.expired),
        f"{outcome.orphans:,} ({_mb(outcome.orphan_bytes)})" if outcome.orphans else "",
        "\n".join(f"{name} {at:%Y-%m-%d}" for name, at in outcome.by_glue.items()),
    )


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _files(size: Size) -> str:
    return f"{size.files:,} ({_mb(size.bytes)})"


def _number(count: int) -> str:
    return f"{count:,}" if count else ""


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
