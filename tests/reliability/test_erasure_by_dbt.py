"""A customer of the shop is erased by the command line, with dbt's own build of the models; see docs/erasure.md."""

import gzip
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pyarrow.parquet as pq
import pytest

from lakehouse.engine import catalog
from lakehouse.names import Zone
from local import lake
from tests.support.demo import mart, tables
from tests.support.demo.command_line import cli
from tests.support.demo.finished_demo import Demo, finish

pytestmark = pytest.mark.timeout(900)

# Who ordered, was seen on a page, and was changed since the full load.
WHO = """
    SELECT customer_id, email, array(SELECT order_id FROM orders o WHERE o.customer_id = c.customer_id ORDER BY 1)
    FROM customers c
    WHERE updated_at > created_at AND email IS NOT NULL AND customer_id = ANY(%s)
        AND (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) > 2
    ORDER BY 1 LIMIT 1
"""
TABLES = [(zone, name) for zone in (Zone.RAW, Zone.INTEGRATION) for name in ("customers", "orders", "order_items")]


@pytest.fixture
def finished(tmp_path: Path) -> Iterator[Demo]:
    before = dict(os.environ)
    try:
        yield finish(lake.up(tmp_path))
    finally:
        lake.down(tmp_path)
        os.environ.clear()
        os.environ.update(before)


def test_a_customer_leaves_every_zone_and_the_models(finished: Demo) -> None:
    conninfo = finished.lake.database.conninfo
    views = {row["customer_id"] for row in rows(finished, Zone.INTEGRATION, "page_views")}
    with psycopg.connect(conninfo) as shop:
        customer, email, orders = shop.execute(WHO, [list(views)]).fetchone() or pytest.fail("nobody is as wanted")

    def others() -> dict[tuple[Zone, str], list[dict[str, Any]]]:
        return {
            (zone, name): [
                row
                for row in rows(finished, zone, name)
                if row.get("customer_id") != customer and row.get("order_id") not in orders
            ]
            for zone, name in TABLES
        }

    cli("query", f"select * from lakehouse_dev_integration.customers where customer_id = {customer}")
    before = others()
    places = set(traces(finished, customer, email))
    assert {re.sub(r"lakehouse-dev-|-\d{12}.*", "", place) for place in places} == {
        *("stage", "raw", "integration", "curated", "query-results")
    }
    with psycopg.connect(conninfo) as shop:  # as the page says, there first
        shop.execute("DELETE FROM order_items WHERE order_id = ANY(%s)", [orders])
        shop.execute("DELETE FROM orders WHERE order_id = ANY(%s)", [orders])
        shop.execute("DELETE FROM customers WHERE customer_id = %s", [customer])
    lake.catch_up(finished.lake)

    said = cli("erase", "customers", "--key", str(customer), "--with-related", "--yes")

    proof = json.loads(read(re.search(r"s3://(\S+?)/(\S+json)", said)))
    assert (proof["state"], proof["found"], proof["retained"]) == ("complete", [], [])
    assert proof["datasets"] == ["customers", "orders", "page_views", "order_items"]
    assert set(traces(finished, customer, email)) == set()
    assert others() == before
    assert mart.of_lakehouse(finished.lake.names) == mart.of_database(conninfo)

    # Neither what waits nor what is moved again brings the customer back.
    cli("run")
    cli("rerun", "customers", "customers-00000001")
    assert set(traces(finished, customer, email)) == set()
    for contract in finished.contracts:
        if contract.source.table:
            assert tables.integration(contract, names=finished.lake.names) == tables.source(contract, conninfo)


def rows(finished: Demo, zone: Zone, name: str) -> list[dict[str, Any]]:
    """Rows without the time, which another run of the same batch changes."""
    table = catalog.load().load_table((finished.lake.names.database(zone), name))
    return sorted((row | {"_ingested_at": None} for row in table.scan().to_arrow().to_pylist()), key=str)


def traces(finished: Demo, customer: int, email: str) -> Iterator[str]:
    """Where a customer is, in any version of any object of any bucket; by other code than the erasure's own."""
    s3 = boto3.client("s3")
    key = re.compile(rf'"?customer_?id"?: ?"?{customer}(\.0)?["\s,}}]', re.IGNORECASE)
    for bucket in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for item in page.get("Versions", []):
                body = s3.get_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])["Body"].read()
                body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
                text = body.decode(errors="replace")
                if body.startswith(b"PAR1"):
                    text = json.dumps(pq.read_table(io.BytesIO(body)).to_pylist(), default=str, ensure_ascii=False)
                if email in text or key.search(text):
                    yield bucket


def read(place: "re.Match[str] | None") -> bytes:
    assert place is not None
    return boto3.client("s3").get_object(Bucket=place[1], Key=place[2])["Body"].read()
