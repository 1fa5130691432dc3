"""Glue's upkeep of tables: set up with them, shown when it differs, left alone when it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from pyiceberg.catalog import Catalog

from lakehouse.contracts.loader import load_contract
from lakehouse.names import Names
from lakehouse.tables import migrations, ops, optimizers
from lakehouse.tables.definition import of_contracts, raw
from lakehouse.tables.diff import Action
from tests.support.repository import CONTRACTS

Settings = Callable[[str], dict[str, Any]]
ORDERS = load_contract(CONTRACTS / "sales" / "orders.odcs.yaml")


@pytest.fixture
def settings(lake: Catalog, names: Names) -> Settings:
    """What Glue has for raw's table, by the optimizer's type."""

    def given(type_: str) -> dict[str, Any]:
        definition = raw(ORDERS, names=names)
        entry = {"catalogId": names.account, "databaseName": definition.database, "tableName": definition.table}
        [item] = boto3.client("glue").batch_get_table_optimizer(Entries=[{**entry, "type": type_}])["TableOptimizers"]
        return dict(item["tableOptimizer"]["configuration"])

    return given


def test_every_table_of_ours_is_kept_in_shape(lake: Catalog, names: Names) -> None:
    migrations.apply(lake, [ORDERS], names)

    glue = boto3.client("glue")
    definitions = [*of_contracts([ORDERS], names=names), *ops.definitions(names=names)]
    for definition in definitions:
        assert optimizers.differences(glue, definition, names=names) == []
    assert migrations.plan(lake, [ORDERS], names) == []


def test_glue_works_under_the_optimizers_role_within_the_tables_place(
    lake: Catalog, names: Names, settings: Settings
) -> None:
    migrations.apply(lake, [ORDERS], names)

    for type_ in ("compaction", "retention", "orphan_file_deletion"):
        assert settings(type_)["roleArn"] == f"arn:aws:iam::{names.account}:role/{names.optimizer_role}"
        assert settings(type_)["enabled"] is True
    orphans = settings("orphan_file_deletion")["orphanFileDeletionConfiguration"]["icebergConfiguration"]
    assert orphans["location"] == raw(ORDERS, names=names).location


@pytest.mark.parametrize(
    ("retention", "days"), [(None, 7), (timedelta(days=365), 7), (timedelta(days=3), 3), (timedelta(hours=5), 1)]
)
def test_snapshots_hold_nothing_longer_than_the_contract_wants(
    lake: Catalog, names: Names, settings: Settings, retention: timedelta | None, days: int
) -> None:
    migrations.apply(lake, [replace(ORDERS, retention=retention)], names)

    configuration = settings("retention")["retentionConfiguration"]["icebergConfiguration"]
    assert configuration["snapshotRetentionPeriodInDays"] == days


def test_what_somebody_changed_is_shown_and_put_right(lake: Catalog, names: Names, settings: Settings) -> None:
    migrations.apply(lake, [ORDERS], names)
    definition = raw(ORDERS, names=names)
    wanted = settings("compaction")
    boto3.client("glue").update_table_optimizer(
        CatalogId=names.account,
        DatabaseName=definition.database,
        TableName=definition.table,
        Type="compaction",
        TableOptimizerConfiguration=wanted | {"enabled": False},  # type: ignore[arg-type]
    )

    [change] = migrations.plan(lake, [ORDERS], names)
    assert (change.table, change.action) == (definition.name, Action.OPTIMIZE)
    assert change.detail == "optimizer compaction: enabled False -> True"

    assert migrations.apply(lake, [ORDERS], names) == [change]
    assert settings("compaction") == wanted
    assert migrations.plan(lake, [ORDERS], names) == []
