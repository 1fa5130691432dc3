"""`lakehouse rollback` and `lakehouse tag`: give tables the rows of an earlier time, and name such a state."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from pyiceberg.catalog import Catalog
from rich.table import Table

from lakehouse.cli.options import DEFAULT_ENVIRONMENT, Environment, console
from lakehouse.engine import catalog
from lakehouse.engine.commit_conflicts import retry_on_conflict
from lakehouse.lineage import record
from lakehouse.lineage.graph import of_events
from lakehouse.maintenance import tagging
from lakehouse.maintenance.restoring import snapshot_of
from lakehouse.names import Names
from lakehouse.operations import dbt
from lakehouse.operations.release_rollback import plan_release, table_of
from lakehouse.operations.rollback import Rollback, roll_back
from lakehouse.releases.recording import released
from lakehouse.settings import names_of


def rollback(
    to: Annotated[
        str,
        typer.Option("--to", metavar="RELEASE|SNAPSHOT|TIME|TAG", help="ISO 8601 times are UTC."),
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


def tag(
    table: Annotated[str, typer.Argument(help="A dataset, integration.TABLE or curated.TABLE.")],
    name: Annotated[str, typer.Argument(help="Name of the tag, for example before-migration.")],
    at: Annotated[
        str | None, typer.Option("--at", metavar="SNAPSHOT|TIME", help="An earlier state; the current one by default.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove the tag.")] = False,
    env: Environment = DEFAULT_ENVIRONMENT,
) -> None:
    """Name a state of a table. Its snapshot does not expire until the tag is deleted.

    The name can be used in `lakehouse rollback TABLE --to NAME` and `lakehouse query --as-of NAME`. An erasure removes
    the tags of the tables that it changes.

    Needs write access to the table. Exit code 2: the call was refused, for example because another snapshot has the
    name.
    """
    names, iceberg = names_of(env), catalog.load()
    models = catalog.load_models(dbt.profile())
    work = partial(_tag, iceberg, models, table, name, at=at, delete=delete, names=names)
    console.print(retry_on_conflict(work, subject=f"{table}, tag {name}"))


def _tag(
    iceberg: Catalog, models: Catalog, table: str, name: str, *, at: str | None, delete: bool, names: Names
) -> str:
    """Add or remove the tag in one attempt; return what was done."""
    loaded = table_of(iceberg, models, table, names=names)
    label = ".".join(loaded.name())
    if delete:
        tagging.untag(loaded, name)
        return f"{label} has no tag {name} any more"
    snapshot = snapshot_of(loaded, at or str(loaded.metadata.current_snapshot_id))
    is_new = tagging.tag(loaded, name, snapshot)
    return f"{label}: snapshot {snapshot.snapshot_id} {'has' if is_new else 'already has'} the tag {name}"
