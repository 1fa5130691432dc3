"""`lakehouse maintain`: upkeep of the tables."""

from typing import Annotated

import typer
from rich.table import Table

from lakehouse.cli.datasets import chosen
from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog as catalogs
from lakehouse.maintenance.maintain import Outcome, Size
from lakehouse.maintenance.maintain import maintain as keep
from lakehouse.settings import names_of
from lakehouse.tables import definition as table_definition
from lakehouse.tables import ops
from lakehouse.tables.definition import Definition


def maintain(
    datasets: Annotated[
        list[str] | None, typer.Argument(metavar="[DATASET...]", help="All, and the ops tables, if none is named.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Purge tombstones after their retention, compact small files, expire snapshots, delete orphan files.

    What Glue's optimizers have begun to do for a table is left to them, with the time of their last run. Running it
    again, beside jobs and readers, is safe.
    """
    wanted, names, catalog = chosen(contracts, datasets or []), names_of(env), catalogs.load()
    work: list[tuple[Definition, Contract | None]] = [
        (table_definition.raw(contract, names=names), None) for contract in wanted
    ]
    work += [(table_definition.integration(contract, names=names), contract) for contract in wanted]
    if not datasets:
        work += [(definition, None) for definition in ops.definitions(names=names)]
    shown = Table("table", "files", "snapshots", "tombstones", "small files", "expired", "orphans", "by Glue")
    shown.columns[0].no_wrap = True
    with console.status("looking" if dry_run else "maintaining"):
        for definition, contract in work:
            shown.add_row(*_row(keep(catalog, definition, contract, names=names, dry_run=dry_run)))
    console.print(shown)
    if dry_run:
        console.print("nothing was changed")


def _row(done: Outcome) -> tuple[str, ...]:
    if done.before is None or done.after is None:
        return done.table, "no table"
    return (
        done.table,
        _change(_files(done.before), _files(done.after)),
        _change(str(done.before.snapshots), str(done.after.snapshots)),
        _number(done.tombstones),
        _number(done.compacted),
        _number(done.expired),
        f"{done.orphans:,} ({_mb(done.orphan_bytes)})" if done.orphans else "",
        "\n".join(f"{name} {at:%Y-%m-%d}" for name, at in done.by_glue.items()),
    )


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _files(size: Size) -> str:
    return f"{size.files:,} ({_mb(size.bytes)})"


def _number(count: int) -> str:
    return f"{count:,}" if count else ""


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
