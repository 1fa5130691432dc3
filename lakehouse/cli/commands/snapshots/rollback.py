"""`lakehouse rollback`: give tables the rows that they had at an earlier time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from pyiceberg.catalog import Catalog
from rich.table import Table

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.engine import catalog
from lakehouse.lineage import record
from lakehouse.lineage.graph import of_events
from lakehouse.names import Names
from lakehouse.operations import dbt
from lakehouse.operations.release_rollback import plan_release
from lakehouse.operations.rollback import Rollback, roll_back
from lakehouse.releases.recording import released
from lakehouse.settings import names_of


def rollback(
    to: Annotated[
        str,
        typer.Option("--to", metavar="RELEASE|SNAPSHOT|TIME", help="Release, snapshot id, or ISO 8601 time (UTC)."),
    ],
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TABLE...]",
            help="A dataset, integration.TABLE or curated.TABLE; all tables of a release if none is named.",
        ),
    ] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Let the next run move the undone batches again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Give tables of integration and curated the rows of a release or an earlier snapshot, each as a new commit.

    Shows the rows that are added, removed and changed, and the batches that are undone. Undone batches are not moved
    again unless `lakehouse rerun` names them, or with --replay by the next run. The replaced state stays in the
    history, so a rollback can be rolled back. It cannot undo an erasure: an erasure removes the earlier snapshots. If
    one table has no such snapshot, no table is changed. A release is recorded at the end.

    Needs write access to the tables and to ops; tables that dbt makes are changed as dbt. Exit code 2: the call was
    refused, or another writer committed first; tables before it are rolled back, and the same command continues.
    """
    names, iceberg = names_of(env), catalog.load()
    with console.status("comparing"):
        models = catalog.load_models(dbt.profile())
        planned, younger = plan_release(iceberg, models, list(dict.fromkeys(tables or ())), to=to, names=names)
    console.print(_summary(planned))
    if younger:
        console.print(f"not in this release, left as they are: {', '.join(younger)}")
    changing = [one for one in planned if one.is_needed(replay=replay)]
    if not changing:
        console.print("the tables have these rows already; nothing was changed")
        return
    if dry_run:
        console.print("nothing was changed")
        return
    if not yes:
        typer.confirm("Roll back these tables?", abort=True)
    with released(names, profile=dbt.profile(), started_by=f"lakehouse rollback to {to}"):
        for one in changing:
            roll_back(iceberg, one, names=names, replay=replay)
            console.print(f"{one.name} is rolled back; `lakehouse rollback {one.name} --to {one.replaced}` undoes it")
            if one.batches:
                again = "lakehouse run" if replay else f"lakehouse rerun {one.table.name()[-1]} BATCH"
                console.print(f"  undone until `{again}` moves them again: {', '.join(one.batches)}")
    if readers := _readers(changing, names=names, iceberg=iceberg):
        console.print(f"these tables still show the replaced rows: {', '.join(readers)}; run `lakehouse build`")


def _summary(planned: Sequence[Rollback]) -> Table:
    table = Table("table", "state of", "added", "removed", "changed", "batches undone")
    for column in table.columns:
        column.overflow = "fold"  # a shortened id cannot be copied
    for one in planned:
        at = datetime.fromtimestamp(one.snapshot.timestamp_ms / 1000, UTC)
        changed = "" if one.difference.changed is None else f"{one.difference.changed:,}"
        table.add_row(
            one.name,
            f"{at:%Y-%m-%d %H:%M:%S} UTC, snapshot {one.snapshot.snapshot_id}",
            *(f"{one.difference.added:,}", f"{one.difference.removed:,}", changed),
            ", ".join(one.batches),
        )
    return table


def _readers(planned: Sequence[Rollback], *, names: Names, iceberg: Catalog) -> list[str]:
    """Return the tables that are built from rolled-back tables and are not rolled back themselves."""
    graph = of_events(record.latest(iceberg, names=names, batches=1), names=names)
    rolled_back = {one.name for one in planned}
    below = {name for one in planned for name in graph.around((one.name, None), up=False, down=True).tables}
    return sorted(below - rolled_back)
