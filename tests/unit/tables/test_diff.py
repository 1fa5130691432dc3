from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.transforms import BucketTransform, IdentityTransform

from lakehouse.contracts import types
from lakehouse.contracts.loader import load_contract, load_contracts
from lakehouse.contracts.model import Column, Contract, Ingest, Partition
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from lakehouse.tables import migrations
from lakehouse.tables.diff import Action, Change
from tests.support.repository import CONTRACTS

Evolve = Callable[..., Contract]


@pytest.fixture
def orders() -> Contract:
    return load_contract(CONTRACTS / "sales" / "orders.odcs.yaml")


def with_type(contract: Contract, name: str, type_: types.Type) -> Contract:
    return replace(
        contract, columns=tuple(replace(item, type=type_) if item.name == name else item for item in contract.columns)
    )


def breaks(lake: Catalog, contract: Contract, names: Names) -> list[str]:
    """What apply refuses, after it has refused and changed nothing."""
    before = {change.detail for change in migrations.plan(lake, [contract], names) if change.action is Action.BREAK}
    with pytest.raises(LakehouseError, match="Two ways out"):
        migrations.apply(lake, [contract], names)
    assert {
        change.detail for change in migrations.plan(lake, [contract], names) if change.action is Action.BREAK
    } == before
    return sorted(before)


def test_all_sales_tables_are_made_and_applying_again_changes_nothing(lake: Catalog, names: Names) -> None:
    contracts = load_contracts(CONTRACTS)

    made = migrations.apply(lake, contracts, names)

    assert {change.action for change in made} == {Action.CREATE}
    assert len(made) == 2 * len(contracts) + 5
    assert migrations.plan(lake, contracts, names) == []
    location = lake.load_table(f"{names.database(Zone.RAW)}.orders").metadata_location
    assert migrations.apply(lake, contracts, names) == []
    assert lake.load_table(f"{names.database(Zone.RAW)}.orders").metadata_location == location


def test_raw_is_partitioned_by_batch_and_requires_nothing(lake: Catalog, names: Names, orders: Contract) -> None:
    migrations.apply(lake, [orders], names)

    table = lake.load_table(f"{names.database(Zone.RAW)}.orders")

    assert not [field.name for field in table.schema().fields if field.required]
    [partition] = table.spec().fields
    assert partition.name == "_batch_id"
    assert partition.transform == IdentityTransform()
    assert [field.name for field in table.schema().fields][-10:] == [
        "updated_at",
        "_op",
        "_commit_ts",
        "_change_seq",
        "_errors",
        "_record",
        "_source_file",
        "_source_row",
        "_batch_id",
        "_ingested_at",
    ]
    assert table.location() == f"s3://{names.bucket(Zone.RAW)}/sales/orders"
    assert table.properties["write.parquet.compression-codec"] == "zstd"
    assert table.properties["lakehouse.contract-version"] == "1.0.0"
    assert table.metadata.format_version == 2


def test_integration_requires_the_key_alone_and_keeps_tombstones(lake: Catalog, names: Names, orders: Contract) -> None:
    contract = replace(orders, partitions=(Partition(column="order_id", transform="bucket[4]"),))
    migrations.apply(lake, [contract], names)

    table = lake.load_table(f"{names.database(Zone.INTEGRATION)}.orders")

    assert [field.name for field in table.schema().fields if field.required] == ["order_id"]
    assert table.schema().identifier_field_names() == {"order_id"}
    assert table.schema().find_type("_is_deleted") == types.BOOLEAN.iceberg
    assert [(field.name, field.transform) for field in table.spec().fields] == [
        ("order_id_bucket_4", BucketTransform(4))
    ]


def test_files_that_only_grow_have_neither_change_columns_nor_tombstones(lake: Catalog, names: Names) -> None:
    migrations.apply(lake, [load_contract(CONTRACTS / "sales" / "store_sales.odcs.yaml")], names)

    schemas = [lake.load_table(f"{names.database(zone)}.store_sales").schema() for zone in (Zone.RAW, Zone.INTEGRATION)]

    for schema in schemas:
        assert not {"_op", "_commit_ts", "_change_seq", "_is_deleted"} & set(schema.column_names)
        assert not schema.identifier_field_ids


def test_a_table_follows_its_contract(lake: Catalog, names: Names, orders: Contract) -> None:
    contract = replace(
        orders,
        columns=(
            *orders.columns,
            Column(name="small", source_name="small", type=types.INT),
            Column(name="rate", source_name="rate", type=types.FLOAT),
            Column(name="amount", source_name="amount", type=types.decimal(10, 2)),
            Column(name="place", source_name="place", type=types.struct_of({"x": types.INT})),
        ),
    )
    migrations.apply(lake, [contract], names)
    ids = {
        field.name: field.field_id for field in lake.load_table(f"{names.database(Zone.RAW)}.orders").schema().fields
    }
    wider = {
        "small": types.LONG,
        "rate": types.DOUBLE,
        "amount": types.decimal(12, 2),
        "place": types.struct_of({"x": types.LONG, "y": types.STRING}),
    }
    evolved = contract
    for name, type_ in wider.items():
        evolved = with_type(evolved, name, type_)
    evolved = replace(
        evolved,
        version="1.1.0",
        columns=(*evolved.columns, Column(name="note", source_name="Note", type=types.STRING, description="Why")),
    )

    planned = migrations.plan(lake, [evolved], names)
    migrations.apply(lake, [evolved], names)

    raw = f"{names.database(Zone.RAW)}.orders"
    assert [change for change in planned if change.table == raw] == [
        Change(table=raw, action=Action.ALTER, detail="column small: int -> long"),
        Change(table=raw, action=Action.ALTER, detail="column rate: float -> double"),
        Change(table=raw, action=Action.ALTER, detail="column amount: decimal(10,2) -> decimal(12,2)"),
        Change(table=raw, action=Action.ALTER, detail="column place: struct<x: int> -> struct<x: long, y: string>"),
        Change(table=raw, action=Action.ADD, detail="column note string"),
        Change(table=raw, action=Action.DESCRIBE, detail="property lakehouse.contract-version: '1.0.0' -> '1.1.0'"),
    ]
    assert migrations.plan(lake, [evolved], names) == []
    schema = lake.load_table(raw).schema()
    assert {field.name: field.field_id for field in schema.fields if field.name in ids} == ids
    assert schema.find_field("note").doc == "Why"


def test_a_column_that_was_required_becomes_optional(lake: Catalog, names: Names, orders: Contract) -> None:
    migrations.apply(lake, [orders], names)
    table = lake.load_table(f"{names.database(Zone.INTEGRATION)}.orders")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.update_column("status", required=True)

    [change] = migrations.apply(lake, [orders], names)

    assert change.detail == "column status: required -> optional"
    assert not lake.load_table(f"{names.database(Zone.INTEGRATION)}.orders").schema().find_field("status").required


def test_what_a_table_cannot_follow_is_refused_and_changes_nothing(
    lake: Catalog, names: Names, orders: Contract
) -> None:
    fewer = tuple(column for column in orders.columns if column.name != "channel")
    refused = [
        (with_type(orders, "status", types.INT), ["column status: string -> int"]),
        (with_type(orders, "customer_id", types.INT), ["column customer_id: long -> int"]),
        (with_type(orders, "customer_id", types.decimal(38, 0)), ["column customer_id: long -> decimal(38,0)"]),
        (with_type(orders, "ordered_at", types.DATE), ["column ordered_at: timestamptz -> date"]),
        (replace(orders, columns=fewer), ["column channel is no longer in the contract"]),
        (
            replace(orders, key=("order_id", "customer_id")),
            ["column customer_id: optional -> required", "key: order_id -> order_id, customer_id"],
        ),
        (
            replace(orders, partitions=(Partition(column="order_id", transform="truncate[1000]"),)),
            ["partitions: none -> truncate(1000, order_id)"],
        ),
    ]
    migrations.apply(lake, [orders], names)
    for contract, details in refused:
        assert breaks(lake, contract, names) == details
    assert migrations.plan(lake, [orders], names) == []


def test_nothing_is_changed_when_one_of_many_tables_would_break(lake: Catalog, names: Names, orders: Contract) -> None:
    customers = load_contract(CONTRACTS / "sales" / "customers.odcs.yaml")
    migrations.apply(lake, [orders], names)

    with pytest.raises(LakehouseError, match="orders_v2"):
        migrations.apply(lake, [customers, with_type(orders, "status", types.DATE)], names)

    assert {change.action for change in migrations.plan(lake, [customers], names)} == {Action.CREATE, Action.ORPHAN}


def test_a_table_without_a_contract_is_reported_and_left(lake: Catalog, names: Names, orders: Contract) -> None:
    customers = load_contract(CONTRACTS / "sales" / "customers.odcs.yaml")
    migrations.apply(lake, [customers, orders], names)
    schema = lake.load_table(f"{names.database(Zone.RAW)}.orders").schema()
    of_dbt = names.table_location(Zone.INTEGRATION, domain="dbt", table="model")
    lake.create_table(f"{names.database(Zone.INTEGRATION)}.model", schema, location=of_dbt)

    left = migrations.apply(lake, [customers], names)

    assert [(change.table, change.action) for change in left] == [
        (f"{names.database(zone)}.orders", Action.ORPHAN) for zone in (Zone.RAW, Zone.INTEGRATION)
    ]
    assert lake.table_exists(f"{names.database(Zone.RAW)}.orders")


def test_racing_applies_end_in_one_table_each(lake: Catalog, names: Names, orders: Contract) -> None:
    wider = replace(orders, columns=(*orders.columns, Column(name="note", source_name="note", type=types.STRING)))
    other = replace(orders, columns=(*orders.columns, Column(name="tip", source_name="tip", type=types.LONG)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrations.apply(lake, [orders], names), range(4)))
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(migrations.apply, lake, [contract], names) for contract in (wider, wider)]
    for future in futures:
        future.result()

    assert migrations.plan(lake, [wider], names) == []
    assert breaks(lake, other, names) == ["column note is no longer in the contract"]


def test_without_databases_the_way_there_is_named(lake: Catalog, names: Names, orders: Contract) -> None:
    elsewhere = replace(names, environment="prod")

    with pytest.raises(LakehouseError, match="lakehouse_prod_integration does not exist: deploy the stacks first"):
        migrations.apply(lake, [orders], elsewhere)


def test_contracts_come_into_force_and_unchanged_ones_are_not_written_again(
    lake: Catalog, names: Names, tmp_path: Path
) -> None:
    contract = tmp_path / "sales" / "orders.odcs.yaml"
    contract.parent.mkdir()
    contract.write_text((CONTRACTS / "sales" / "orders.odcs.yaml").read_text())
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=names.scripts_bucket, VersioningConfiguration={"Status": "Enabled"})

    for _ in range(2):
        migrations.apply(lake, load_contracts(tmp_path), names)

    in_force = load_contracts(names.contracts_uri)
    assert [replace(found, path="") for found in in_force] == [replace(load_contract(contract), path="")]
    versions = [found["Key"] for found in s3.list_object_versions(Bucket=names.scripts_bucket)["Versions"]]
    assert versions == ["contracts/index.json", "contracts/sales/orders.odcs.yaml"]


def test_an_entity_that_was_appended_cannot_silently_become_merged(
    lake: Catalog, names: Names, orders: Contract
) -> None:
    appended = replace(orders, ingest=Ingest.APPEND, key=())
    migrations.apply(lake, [appended], names)

    assert "key: none -> order_id" in breaks(lake, orders, names)
