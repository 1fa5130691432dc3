"""`lakehouse maintain`: maintain the Iceberg tables."""

from datetime import UTC, datetime
from typing import Annotated

import boto3
import typer
from rich.table import Table

from lakehouse.cli.options import DEFAULT_CONTRACTS, DEFAULT_ENVIRONMENT, Contracts, Environment, console, contracts_of
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.engine.candidates import abandoned
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import of_models
from lakehouse.maintenance import orphans
from lakehouse.maintenance.maintain import Outcome, Size, maintain_table
from lakehouse.maintenance.models import candidates, due, maintain_model, remove
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt
from lakehouse.releases import release
from lakehouse.releases.release import named_last
from lakehouse.settings import names_of
from lakehouse.tables import ops
from lakehouse.tables.definition import Definition, integration, raw


def maintain(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DATASET...]", help="All, and the ops tables, if none is named."),
    ] = None,
    models: Annotated[
        bool, typer.Option("--models", help="Maintain the tables that dbt makes instead, under dbt's role.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the work and change nothing.")] = False,
    contracts: Contracts = DEFAULT_CONTRACTS,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Purge tombstones after their retention, compact small files, expire snapshots, delete orphan files.

    With --models: remove tables that builds made and did not publish after three days, expire snapshots of the models
    and delete orphan files.

    Work that Glue's optimizers do for a table is skipped; the column `by Glue` shows when they ran last. The command is
    safe while jobs and readers use the tables, and can be repeated.

    Needs write access to the tables. Exit code 2: the call was refused, or a table could not be maintained.
    """
    if models:
        if datasets:
            raise LakehouseError("--models maintains all models: name no dataset with it")
        _maintain_models(names_of(env), dry_run=dry_run)
        return
    selected, names, iceberg = contracts_of(contracts, datasets or []), names_of(env), catalog.load()
    work: list[tuple[Definition, Contract | None]] = [(raw(contract, names=names), None) for contract in selected]
    work += [(integration(contract, names=names), contract) for contract in selected]
    if not datasets:
        _remove_abandoned(names, dry_run=dry_run)
        work += [(definition, None) for definition in ops.definitions(names=names)]
    table, named = _table(), named_last(release.read(iceberg, names=names))
    with console.status("inspecting" if dry_run else "maintaining"):
        for definition, contract in work:
            outcome = maintain_table(iceberg, definition, contract, names=names, dry_run=dry_run, released=named)
            table.add_row(*_row(outcome))
    console.print(table)
    if dry_run:
        console.print("nothing was changed")


def _remove_abandoned(names: Names, *, dry_run: bool) -> None:
    """Remove candidates that killed jobs left in integration, but none of their files."""
    glue, database = boto3.client("glue"), names.database(Zone.INTEGRATION)
    for name in abandoned(glue, database, now=datetime.now(UTC)):
        console.print(f"{database}.{name}: left by a job that was killed", markup=False)
        if not dry_run:
            glue.delete_table(DatabaseName=database, Name=name)


def _maintain_models(names: Names, *, dry_run: bool) -> None:
    """Maintain the tables of all models, and remove candidates whose time is over."""
    profile = dbt.profile()
    session, iceberg, now = boto3.Session(profile_name=profile), catalog.load_models(profile), datetime.now(UTC)
    s3, glue = session.client("s3"), session.client("glue")
    found = candidates(glue, [names.database(zone) for zone in (Zone.INTEGRATION, Zone.CURATED)])
    for candidate in due(found, now=now):
        reason = candidate.reason or "its build was interrupted"
        console.print(f"{candidate.database}.{candidate.name}: {reason}", markup=False)
        if not dry_run:
            orphans.delete_uris(s3, remove(iceberg, candidate))
    table, named = _table(), named_last(release.read(iceberg, names=names))
    with console.status("inspecting" if dry_run else "maintaining"):
        for model in of_models(dbt.PROJECT):
            database = model.area.database(names)
            outcome = maintain_model(
                iceberg, s3, database=database, name=model.name, now=now, dry_run=dry_run, released=named
            )
            table.add_row(*_row(outcome))
    console.print(table)
    if dry_run:
        console.print("nothing was changed")


def _table() -> Table:
    table = Table("table", "files", "snapshots", "tombstones", "small files", "expired", "orphans", "by Glue")
    table.columns[0].no_wrap = True
    return table


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
