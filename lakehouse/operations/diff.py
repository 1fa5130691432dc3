"""Compare two snapshots of a table of the deployment: by its key, and with the values that the caller may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lakehouse.comparison.difference import Difference, difference
from lakehouse.comparison.states import State
from lakehouse.contracts.classification import Classification
from lakehouse.contracts.model import Contract
from lakehouse.contracts.violations import one_of
from lakehouse.engine.catalog import load_named
from lakehouse.errors import LakehouseError
from lakehouse.governance.access import tables
from lakehouse.governance.models import grain
from lakehouse.governance.roles import ROLES, Role, is_filtered, visible
from lakehouse.governance.tags import Area
from lakehouse.maintenance.restoring import snapshot_of
from lakehouse.names import Names
from lakehouse.operations.doctor.caller import Caller

OTHERS = Role(name="", reads=tuple(Area), up_to=Classification.INTERNAL, describes=tuple(Area))
"""What is shown to callers that have none of the roles of people, such as `tables`, `dbt` and administrators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two snapshots of a table, and how they differ.

    Attributes:
        name: `zone.table`.
        key: columns that identify a row; empty if there is no key.
        old, new: the snapshots.
        difference: how the rows differ.
        hidden: columns that differ and whose values the caller may not see.
    """

    name: str
    key: tuple[str, ...]
    old: Snapshot
    new: Snapshot
    difference: Difference
    hidden: frozenset[str]


def compare(
    catalog: Catalog,
    name: str,
    *,
    between: tuple[str, str] | None,
    contracts: Sequence[Contract],
    models: Path,
    names: Names,
) -> Comparison:
    """Compare two snapshots of a table.

    Args:
        catalog: Iceberg catalog.
        name: a dataset (its table in integration), or `zone.table`.
        between: the old and the new snapshot, as `lakehouse.maintenance.restoring.snapshot_of` takes them; None for
            the current one and the one before it.
        contracts: the datasets; their classifications decide what is shown.
        models: folder of the dbt project, for the same.
        names: names of the deployment.

    Raises:
        LakehouseError: there is no such table or snapshot, or its files cannot be compared.
    """
    zone, _, table_name = name.rpartition(".")
    if zone not in ("", *Area):
        raise LakehouseError(f"{name}: no zone {zone!r}: {one_of(zone, Area)}")
    area = Area(zone or Area.INTEGRATION)
    table = load_named(catalog, (area.database(names), table_name), name=f"{area}.{table_name}")
    old, new = (snapshot_of(table, when) for when in between) if between else _last_two(table, f"{area}.{table_name}")
    key = grain(models, table_name) if area in (Area.CURATED, Area.INTEGRATION) else ()
    key = tuple(sorted(table.schema().identifier_field_names())) or key
    shown = _shown(area, table_name, contracts=contracts, models=models, names=names)
    found = difference(table, State.of(table, old), State.of(table, new), key=key, shown=shown)
    return Comparison(
        name=f"{area}.{table_name}",
        key=key,
        old=old,
        new=new,
        difference=found,
        hidden=frozenset(column.name for column in found.columns if column.name not in shown),
    )


def _last_two(table: Table, name: str) -> tuple[Snapshot, Snapshot]:
    new = table.current_snapshot()
    old = table.snapshot_by_id(new.parent_snapshot_id) if new and new.parent_snapshot_id else None
    if new is None or old is None:
        raise LakehouseError(f"{name} has no snapshot before its current one: name two with --between")
    return old, new


def _shown(area: Area, table: str, *, contracts: Sequence[Contract], models: Path, names: Names) -> list[str]:
    """Return the columns whose values the caller may see in all rows."""
    arn = boto3.client("sts").get_caller_identity()["Arn"]
    caller = Caller(arn=arn, user_id="").role
    role = next((role for role in ROLES.values() if names.role(role.name) == caller), OTHERS)
    for tagged in tables(contracts, models=models, names=names):
        if (tagged.area, tagged.name) == (area, table):
            return [] if is_filtered(role, tagged) else visible(role, tagged)
    return []  # a table without classifications is hidden
