"""A branch of a deployment: second databases of integration and curated whose tables have the rows of the first ones.

Each table is registered under its name in the second database, with the same metadata. No file is copied, and a commit
to it leaves the first table as it is. New files are in the folder of the first table; when the branch ends, they are
orphan files that `lakehouse maintain` deletes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.table.snapshots import Snapshot

from lakehouse.comparison.difference import Difference, difference
from lakehouse.comparison.states import State
from lakehouse.errors import LakehouseError
from lakehouse.governance.models import grain
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt
from lakehouse.releases.state import ZONES, metadata_locations


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A model that was built in a branch.

    Attributes:
        model: its name.
        reason: why it was not published in the branch; None if it was, or if it has the same rows.
        difference: how its rows differ from those of the deployment; None if it was not published.
    """

    model: str
    reason: str | None
    difference: Difference | None


@contextmanager
def branch(catalog: Catalog, *, names: Names, name: str) -> Iterator[Mapping[str, Snapshot | None]]:
    """Make the databases of a branch and yield the state with which each table begins; remove them at the end.

    Args:
        catalog: Iceberg catalog.
        names: names of the deployment.
        name: what is added to the names of the databases.

    Yields:
        snapshots of the deployment by `database.table` of the branch.

    Raises:
        LakehouseError: there is such a branch already.
    """
    glue = boto3.client("glue")
    begun: dict[str, Snapshot | None] = {}
    made: list[str] = []
    try:
        for zone in ZONES:
            database = names.database(zone)
            try:
                glue.create_database(DatabaseInput={"Name": database + name})
            except glue.exceptions.AlreadyExistsException as error:
                raise LakehouseError(
                    f"the database {database}{name} exists: another review is running, or one was killed; if none "
                    "runs, delete the database with its tables in Glue"
                ) from error
            made.append(database + name)
        for place, at in metadata_locations(glue, names):
            area, _, table = place.partition(".")
            database = names.database(Zone(area)) + name
            begun[f"{database}.{table}"] = catalog.register_table((database, table), at).current_snapshot()
        yield begun
    finally:
        for database in made:
            glue.delete_database(Name=database)  # deletes the entries of its tables, and no file


def build(
    catalog: Catalog,
    *,
    names: Names,
    name: str,
    begun: Mapping[str, Snapshot | None],
    project: Path,
    select: Sequence[str],
) -> list[Built]:
    """Build models in a branch, and compare their rows with those of the deployment.

    Args:
        catalog: Iceberg catalog.
        names: names of the deployment.
        name: name of the branch, which exists.
        begun: what `branch` yielded.
        project: folder of the dbt project.
        select: dbt selectors.

    Raises:
        LakehouseError: dbt could not run.
    """
    target = project / "target" / "branch"
    nodes = dbt.run(names, project=project, target=target, select=tuple(select), branch=name)
    built = []
    for node in nodes:
        if node.publication is not None:
            table, state = node.publication.table, node.publication.state
            rows = None
            if state == dbt.PUBLISHED:
                rows = _difference(catalog, table, begun=begun.get(table), project=project)
            built.append(Built(model=node.name, reason=node.publication.reason, difference=rows))
    return sorted(built, key=lambda one: one.model)


def _difference(catalog: Catalog, name: str, *, begun: Snapshot | None, project: Path) -> Difference:
    """Compare a table of a branch with the state that it began with, which is that of the deployment."""
    table = catalog.load_table(name)
    old, new = State.of(table, begun), State.of(table, table.current_snapshot())
    return difference(table, old, new, key=grain(project, table.name()[-1]))
