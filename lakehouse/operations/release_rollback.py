"""Plan the rollback of several tables, each with the role that owns it: to a release, or to a snapshot or time."""

from collections.abc import Sequence

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from lakehouse.errors import LakehouseError
from lakehouse.names import RELEASE_ID, Names, Zone
from lakehouse.operations.rollback import Rollback, load, place, plan
from lakehouse.releases import release


def plan_release(
    catalog: Catalog, models: Catalog, tables: Sequence[str], *, to: str, names: Names
) -> tuple[list[Rollback], list[str]]:
    """Return what a rollback of tables changes, without changing anything.

    Args:
        catalog: Iceberg catalog.
        models: catalog of dbt's role, for the tables that dbt makes.
        tables: as in `plan`; all tables of the release if empty.
        to: id of a release or a snapshot, a tag, or a time.
        names: names of the deployment.

    Returns:
        the rollbacks, and the tables that are not in the release: they had no rows then, and are left as they are.

    Raises:
        LakehouseError: as `plan`; there is no such release, or no table is named and `to` is no release.
    """
    if not RELEASE_ID.fullmatch(to):
        if not tables:
            raise LakehouseError("name the tables, or give --to a release (`lakehouse releases`)")
        return [_plan_in(catalog, models, name, to=to, names=names) for name in tables], []
    releases = release.read(catalog, names=names)
    found = next((one for one in releases if one.release_id == to), None)
    if found is None:
        raise LakehouseError(f"there is no release {to}; `lakehouse releases` lists them")
    snapshots = found.by_table
    named = [".".join(place(name)) for name in tables] or sorted({*snapshots, *releases[-1].tables})
    planned = [
        _plan_in(catalog, models, name, to=str(snapshots[name]), names=names) for name in named if name in snapshots
    ]
    return planned, [name for name in named if name not in snapshots]


def table_of(catalog: Catalog, models: Catalog, name: str, *, names: Names) -> Table:
    """Return a table as the role that owns it loads it: dbt for models, which have a folder in integration."""
    if place(name)[0] is Zone.CURATED:
        return load(models, name, names=names)
    table = load(catalog, name, names=names)
    is_model = table.location().startswith(f"s3://{names.bucket(Zone.INTEGRATION)}/models/")
    return load(models, name, names=names) if is_model else table


def _plan_in(catalog: Catalog, models: Catalog, name: str, *, to: str, names: Names) -> Rollback:
    owner = table_of(catalog, models, name, names=names).catalog
    return plan(owner, name, to=to, names=names, ops=catalog)
