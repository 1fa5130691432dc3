"""The demo's lineage: from a mart's column down to the database and the till's files, as it was recorded."""

import json
import re
from collections import Counter

import pytest

from lakehouse.engine import catalog
from lakehouse.names import OpsTable, Zone
from tests.support.demo.command_line import cli, run_cli
from tests.support.demo.finished_demo import Demo
from tests.support.lineage.openlineage import check

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_every_run_of_the_demo_is_told_and_valid(finished: Demo) -> None:
    names = finished.lake.names
    table = catalog.load().load_table((names.ops_database, OpsTable.LINEAGE))
    rows = table.scan().to_arrow().to_pylist()
    check(json.loads(row["event"]) for row in rows)
    runs = Counter((row["job"], row["run_id"], tuple(row["batch_ids"])) for row in rows)
    assert set(runs.values()) == {2}  # a beginning and an end
    jobs = {row["job"] for row in rows}
    assert {f"stage_to_raw.{contract.dataset}" for contract in finished.contracts} <= jobs
    assert {f"raw_to_integration.{contract.dataset}" for contract in finished.contracts} <= jobs
    assert {"dbt.sales_by_region_month", "dbt.dim_customer", "dbt.dim_customer.test"} <= jobs


def test_a_marts_column_is_followed_to_the_database(finished: Demo) -> None:
    shown = cli("lineage", "sales_by_region_month.net_revenue")
    steps = [
        "curated.sales_by_region_month.net_revenue",
        "curated.fct_order_items.net_amount  by SUM(sales.net_amount)",
        "integration.order_items.unit_price  by CAST(",
        "raw.order_items.unit_price  by latest version of each order_id, line_number by _change_seq",
        "postgresql://shop/shop.public.order_items.unit_price  by DMS read as decimal(10,2)",
    ]
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)
    assert re.search(r"batch order_items-00000001: 25,000 rows\n.*s3://.*/dms/shop/public/order_items/LOAD", shown)


def test_a_facts_column_is_followed_to_the_tills_files(finished: Demo) -> None:
    shown = cli("lineage", "fct_store_sales.amount", "--upstream", "--batches", "1")
    assert "raw.store_sales.unit_price  by equal records once" in shown
    for file in (finished.week.late, finished.week.again):
        assert re.search(rf"s3://.*/sales/store_sales/.*/{re.escape(file.path.name)}\n", shown)
    assert "/sales/store_sales.UnitPrice  by csv read as decimal(10,3)" in shown


def test_a_source_is_followed_to_the_marts(finished: Demo) -> None:
    shown = cli("lineage", "postgresql://shop/shop.public.customers.region", "--downstream")
    assert "curated.sales_by_region_month.region  by COALESCE(customers.region, 'unknown')" in shown
    assert f"{finished.lake.names.database(Zone.CURATED)}." not in shown


def test_a_name_that_is_none_is_answered_with_near_ones(finished: Demo) -> None:
    rejected = run_cli("lineage", "dim_custmer.region")
    assert (rejected.returncode, rejected.stdout) == (2, "")
    assert "did you mean curated.dim_customer" in " ".join(rejected.stderr.split())
