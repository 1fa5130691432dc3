"""Migrate tables: `plan` shows how they differ from the contracts, `apply` changes them or refuses breaking changes.

Source: Iceberg spec, "Schema Evolution" (changes that rewrite no data).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
)

from lakehouse.contracts.model import Contract
from lakehouse.contracts.published import publish
from lakehouse.engine.commit_conflicts import retry_on_conflict
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, WindowTable, Zone
from lakehouse.tables import ops, optimizers, window_views, windows
from lakehouse.tables.definition import DATASET_PROPERTY, Definition, of_contracts
from lakehouse.tables.diff import Action, Change, changes, creation, renames

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

TABLES_AT_ONCE = 8
"""A table needs several calls to Glue and S3, so hundreds of tables in sequence would take minutes."""


def plan(catalog: Catalog, contracts: Sequence[Contract], names: Names) -> list[Change]:
    """Return how existing tables differ from the contracts, in the order of `apply`, and change nothing."""
    definitions = _definitions(contracts, names)
    compare = partial(_changes, catalog, boto3.client("glue"), names)
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        differences = list(pool.map(compare, definitions))
    of_views = [window_views.differences(boto3.client("glue"), view) for view in _views(contracts, names)]
    return [*chain.from_iterable((*differences, *of_views)), *_orphans(catalog, definitions, names)]


def apply(catalog: Catalog, contracts: Sequence[Contract], names: Names) -> list[Change]:
    """Create and evolve the tables of the contracts, set up their optimizers, and publish the contracts.

    Applying twice changes nothing. If two processes apply at once, each table is created once.

    Returns:
        The changes that were applied, and the orphan tables, which were not changed.

    Raises:
        LakehouseError: a change would break a table, so nothing was changed; or the databases are not deployed.
    """
    planned = plan(catalog, contracts, names)
    _refuse_breaks(planned)
    definitions = _definitions(contracts, names)
    _require_databases(catalog, {definition.database for definition in definitions})
    migrate = partial(_migrate, catalog, boto3.client("glue"), names)
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        list(pool.map(migrate, definitions))
    for view in _views(contracts, names):
        window_views.set_up(boto3.client("glue"), view)
    publish(contracts, names=names)
    return planned


def _definitions(contracts: Sequence[Contract], names: Names) -> list[Definition]:
    of_windows = windows.of_contracts(contracts, names=names)
    return [*of_contracts(contracts, names=names), *of_windows, *ops.definitions(names=names)]


def _views(contracts: Sequence[Contract], names: Names) -> list[window_views.View]:
    return list(window_views.of_contracts(contracts, names=names))


def _changes(catalog: Catalog, glue: "GlueClient", names: Names, definition: Definition) -> list[Change]:
    try:
        table = catalog.load_table(definition.name)
    except NoSuchTableError:
        return [creation(definition)]
    optimize = [
        Change(table=definition.name, action=Action.OPTIMIZE, detail=difference)
        for difference in optimizers.differences(glue, definition, names=names)
    ]
    return [*changes(definition, table), *optimize]


def _migrate(catalog: Catalog, glue: "GlueClient", names: Names, definition: Definition) -> None:
    migrate_table(catalog, definition)
    optimizers.set_up(glue, definition, names=names)


def migrate_table(catalog: Catalog, definition: Definition) -> None:
    """Create or evolve one table; other processes may do the same at the same time.

    Raises:
        LakehouseError: a change would break the table, so nothing was changed.
    """

    def create_or_evolve() -> None:
        try:
            table = catalog.load_table(definition.name)
        except NoSuchTableError:
            create(catalog, definition)
            return
        differences = list(changes(definition, table))
        _refuse_breaks(differences)
        if differences:
            with table.transaction() as transaction:
                for old_name, new_name in renames(definition, table.schema()):
                    # An update of its own: `union_by_name` compares with the names before the update.
                    with transaction.update_schema() as update:
                        update.rename_column(old_name, new_name)
                with transaction.update_schema() as update:
                    update.union_by_name(definition.schema)
                transaction.set_properties(definition.properties)

    retry_on_conflict(create_or_evolve, subject=definition.name)


def create(catalog: Catalog, definition: Definition) -> None:
    """Create a table from its definition; its database must exist."""
    schema = definition.schema
    catalog.create_table(
        definition.name,
        schema=schema,
        location=definition.location,
        partition_spec=definition.spec(schema),
        properties=definition.properties,
    )


def _require_databases(catalog: Catalog, databases: Iterable[str]) -> None:
    for database in sorted(databases):
        if not catalog.namespace_exists(database):
            raise LakehouseError(
                f"Glue database {database} does not exist: deploy the stacks first (`cdk deploy --all`), "
                "which create databases and buckets"
            )


def _orphans(catalog: Catalog, definitions: Sequence[Definition], names: Names) -> Iterator[Change]:
    """Yield a change for each table of a dataset without a contract; tables and views of dbt are not included."""
    names_with_contract = {definition.name for definition in definitions}
    for zone in (Zone.RAW, Zone.INTEGRATION):
        try:
            tables = sorted(catalog.list_tables(names.database(zone)))
        except NoSuchNamespaceError:
            continue
        for name in (".".join(table) for table in tables):
            if name not in names_with_contract and _dataset(catalog, name) is not None:
                detail = "has no contract; it is not changed; drop it by hand if it is not needed"
                yield Change(table=name, action=Action.ORPHAN, detail=detail)


def _dataset(catalog: Catalog, name: str) -> str | None:
    try:
        return catalog.load_table(name).properties.get(DATASET_PROPERTY)
    except (NoSuchTableError, NoSuchIcebergTableError, NoSuchPropertyException):
        return None


def _refuse_breaks(differences: Sequence[Change]) -> None:
    breaks = [change for change in differences if change.action is Action.BREAK]
    if not breaks:
        return
    lines = [f"  {change.table}: {change.detail}" for change in breaks]
    dataset = re.sub(f"_({'|'.join(WindowTable)})$", "", breaks[0].table.rpartition(".")[2])
    raise LakehouseError(
        "nothing was changed, because this would break tables that hold data:\n"
        + "\n".join(lines)
        + f"\nTwo ways out. Next to the old table: name the dataset {dataset}_v2 with version 2.0.0, apply, move its "
        "readers, then remove the old contract. In place: after review, drop the table, apply, run its batches again."
    )
