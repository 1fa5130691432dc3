"""Plan the rollback of several tables, each with the role that owns it: to a release, or to a snapshot or time."""

from collections.abc import Sequence

from pyiceberg.catalog import Catalog

from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from lakehouse.operations.rollback import Rollback, place, plan
from lakehouse.releases import release


def plan_release(
    catalog: Catalog, models: Catalog, tables: Sequence[str], *, to: str, names: Names
) -> tuple[list[Rollback], list[str]]:
    """Return what a rollback of tables changes, without changing anything.

    Args:
        catalog: Iceberg catalog.
        models: catalog of dbt's role, for the tables that dbt makes.
        tables: as in `plan`; all tables of the release if empty.
        to: id of a release, of a snapshot, or a time.
        names: names of the deployment.

    Returns:
        the rollbacks, and the tables that are not in the release: they had no rows then, and are left as they are.

    Raises:
        LakehouseError: as `plan`; there is no such release, or no table is named and `to` is no release.
    """
    if not release.ID.fullmatch(to):
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


def _plan_in(catalog: Catalog, models: Catalog, name: str, *, to: str, names: Names) -> Rollback:
    """Plan with the role that owns the table: dbt that of models, which are in its folder in integration."""
    if place(name)[0] is Zone.CURATED:
        return plan(models, name, to=to, names=names, ops=catalog)
    planned = plan(catalog, name, to=to, names=names)
    if planned.table.location().startswith(f"s3://{names.bucket(Zone.INTEGRATION)}/models/"):
        return plan(models, name, to=to, names=names, ops=catalog)
    return planned
