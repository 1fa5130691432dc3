"""What DMS is told: which tables, and how to write them."""

import json
from dataclasses import replace

import pytest

from emulator.replicator import mappings, settings
from lakehouse.contracts import dms
from lakehouse.contracts.model import Contract, Ingest, Source

ORDERS = Contract(
    path="contracts/sales/orders.odcs.yaml",
    domain="sales",
    dataset="orders",
    version="1.0.0",
    columns=(),
    key=("order_id",),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet", database="shop", schema="public", table="orders"),
)


def of_table(name: str) -> Contract:
    return replace(ORDERS, dataset=name, source=replace(ORDERS.source, table=name))


def test_mappings_select_the_contracts_tables_and_number_their_changes() -> None:
    contracts = [ORDERS, of_table("order_items"), replace(ORDERS, dataset="orders_again")]
    found = dms.table_mappings(contracts)
    assert [rule["rule-id"] for rule in found["rules"]] == ["1", "2", "3"]
    parsed = mappings.parse(json.dumps(found))
    assert parsed.select([("public", "orders"), ("public", "order_items"), ("public", "customers")]) == [
        ("public", "orders"),
        ("public", "order_items"),
    ]
    assert parsed.change_sequence("public", "orders") == dms.CHANGE_SEQUENCE


def test_mappings_do_not_depend_on_the_order_of_contracts() -> None:
    contracts = [ORDERS, of_table("a"), of_table("z")]
    assert dms.table_mappings(contracts) == dms.table_mappings(reversed(contracts))


def test_a_source_that_is_no_database_is_refused_with_its_file() -> None:
    till = replace(ORDERS, source=Source(name="till", type="s3", format="csv"))
    with pytest.raises(ValueError, match=r"contracts/sales/orders\.odcs\.yaml: DMS replicates database tables"):
        dms.table_mappings([till])
    with pytest.raises(ValueError, match="at least one table"):
        dms.table_mappings([])


def test_stage_prefix_of_a_contract_is_where_the_settings_send_its_table() -> None:
    s3 = dms.s3_settings(source="shop", bucket="stage", batch_interval_s=5)
    target = settings.target({"EngineName": "s3", "S3Settings": s3})
    assert ORDERS.stage_prefix == f"{target.folder}/public/orders/"
    assert (target.timestamp_column, target.operation_in_full_load) == (dms.COMMIT_TIMESTAMP, True)
    assert (target.date_folders, target.batch_interval_s, target.gzip) == (True, 5, True)
