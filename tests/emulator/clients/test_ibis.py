"""ibis on the emulator's Athena."""

from typing import Any

import pytest

from tests.support.emulator.client_lake import Lake

ibis = pytest.importorskip("ibis", reason="ibis is in an environment of its own: make test-clients")


@pytest.fixture(scope="module")
def connection(lake: Lake, arrow_endpoint: None) -> Any:
    return ibis.athena.connect(s3_staging_dir=lake.results, schema_name=lake.database, region_name="eu-central-1")


def test_tables_are_listed_and_described(connection: Any) -> None:
    assert "orders" in connection.list_tables()
    assert connection.table("orders").columns == ("id", "customer", "amount", "day")


def test_an_expression_is_run(connection: Any) -> None:
    orders = connection.table("orders")
    total = orders.group_by("customer").aggregate(total=orders.amount.sum(), n=orders.count()).order_by("customer")
    frame = total.execute()
    assert frame["customer"].tolist() == ["customer 0", "customer 1", "customer 2"]
    assert frame["n"].tolist() == [3, 4, 3]
    assert [str(value) for value in frame["total"]] == ["4.50", "5.50", "3.75"]


def test_a_filter_and_a_join_are_run(connection: Any) -> None:
    orders = connection.table("orders")
    other = orders.view()
    joined = orders.join(other, orders.id == other.id + 1).filter(orders.day > ibis.date("2026-01-08"))
    assert sorted(joined.select(orders.id).execute()["id"]) == [8, 9, 10]
