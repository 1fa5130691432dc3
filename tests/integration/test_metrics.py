"""The SQL of metrics runs on Athena in the workgroup of a role: sums, distinct counts, ratios and two fact tables."""

import boto3

from emulator.runtime.server_lifecycle import Server
from lakehouse.engine import athena
from lakehouse.governance.roles import ROLES
from lakehouse.metrics.loader import load
from lakehouse.metrics.query import question, run
from lakehouse.names import Zone
from tests.support.models import small_project
from tests.support.repository import ROOT

TABLES = {
    "fct_order_items": """
        select order_id, customer_id, customer_key, status, channel, cast(at as timestamp(6)) as ordered_at,
            cast(net_amount as decimal(20, 2)) as net_amount
        from (values (1, 1, 'a', 'new', 'web', timestamp '2026-01-31 23:59:59', 10.10),
            (1, 1, 'a', 'new', 'web', timestamp '2026-01-31 23:59:59', 0.15),
            (2, 2, 'b', 'paid', 'app', timestamp '2026-02-01 00:00:00', 5.00),
            (3, 1, 'a', 'returned', 'web', timestamp '2026-02-02 00:00:00', 99.00))
            as t (order_id, customer_id, customer_key, status, channel, at, net_amount)""",
    "fct_store_sales": """
        select cast(timestamp '2026-03-01 10:00:00' as timestamp(6)) as sold_at,
            cast(2.125 as decimal(20, 3)) as amount""",
    "dim_customer": """
        select * from (values ('a', 1, 'north', false), ('c', 1, 'south', true), ('b', 2, 'east', false))
            as t (customer_key, customer_id, region, is_current)""",
}


def test_values_on_athena(aws: Server) -> None:
    names, metrics = small_project.deploy(aws, project="figures"), load(ROOT / "models")
    workgroup = names.workgroup_of("engineer")
    boto3.client("athena").create_work_group(
        Name=workgroup, Configuration={"ResultConfiguration": {"OutputLocation": names.results_uri(workgroup)}}
    )
    for table, sql in TABLES.items():
        location = f"s3://{names.bucket(Zone.CURATED)}/{table}/"
        create = f"create table {table} with (table_type = 'ICEBERG', is_external = false, location = '{location}') as"
        athena.query(boto3.client("athena"), f"{create} {sql}", names=names, workgroup=names.dbt_workgroup)

    def rows(metric: str, **options: object) -> list[tuple[str | None, ...]]:
        asked = question(metrics, metric, **options)  # type: ignore[arg-type]
        return list(run(metrics, asked, role=ROLES["engineer"], names=names, project=ROOT / "models").rows)

    assert rows("net_revenue", by=["current_customer__region"], grain="month") == [
        ("2026-01-01", "south", "10.25"),
        ("2026-02-01", None, "5.00"),
    ]
    assert rows("net_revenue", by=["customer__region"]) == [("east", "5.00"), ("north", "10.25")]
    assert rows("orders") == [("2",)]
    assert rows("buyers", where="channel = 'web' and metric_time < date '2026-02-01'") == [("1",)]
    assert rows("average_order_value", by=["channel"]) == [("app", "5.0"), ("web", "10.25")]
    assert rows("total_revenue", grain="quarter") == [("2026-01-01", "17.375")]
