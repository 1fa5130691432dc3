"""Values by `lakehouse metric`, by the mart and by the source database agree: additive, ratio and distinct."""

import json
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.support.demo import mart
from tests.support.demo.command_line import cli, run_cli
from tests.support.demo.finished_demo import Demo

pytestmark = pytest.mark.e2e
SLOW = pytest.mark.slow

SALE = "o.status NOT IN ('cancelled', 'returned')"
NET = "round(i.quantity * i.unit_price * (1 - coalesce(i.discount, 0)), 2)"
LINES = "order_items i JOIN orders o USING (order_id) JOIN products p USING (product_id)"


def asked(*arguments: str) -> list[dict[str, Any]]:
    """The rows that `lakehouse metric` prints."""
    printed = cli("metric", *arguments, "--role", "engineer", "--format", "json")
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize(
    ("metric", "position"),
    [
        ("net_revenue", 5),
        ("buyers", 6),
        *(pytest.param(*one, marks=SLOW) for one in (("gross_revenue", 4), ("items_sold", 3), ("orders", 2))),
    ],
)
def test_a_metric_equals_the_mart_and_the_source(finished: Demo, metric: str, position: int) -> None:
    rows = asked(metric, "--by", "current_customer__region", "--grain", "month")
    values = {
        (row["current_customer__region"] or "unknown", row["metric_time__month"]): Decimal(row[metric]) for row in rows
    }
    assert len(values) > 10
    for expected in (mart.of_database(finished.lake.database.conninfo), mart.of_lakehouse(finished.lake.names)):
        assert values == {(row[0], row[1].isoformat()): row[position] for row in expected}


@pytest.mark.parametrize(
    ("arguments", "sql"),
    [
        pytest.param(["orders"], f"SELECT count(DISTINCT o.order_id) FROM {LINES} WHERE {SALE}", marks=SLOW),
        (
            ["buyers", "--by", "channel"],
            f"SELECT o.channel, count(DISTINCT o.customer_id) FROM {LINES} WHERE {SALE} GROUP BY 1",
        ),
        pytest.param(
            ["average_order_value", "--by", "status"],
            f"SELECT o.status, sum({NET}) / count(DISTINCT o.order_id) FROM {LINES} WHERE {SALE} GROUP BY 1",
            marks=SLOW,
        ),
        (
            ["discount_share", "--where", "order_line__channel <> 'web' or metric_time < date '2026-02-01'"],
            f"""SELECT 1 - sum({NET}) / sum(round(i.quantity * i.unit_price, 2)) FROM {LINES} WHERE {SALE}
            AND (o.channel <> 'web' OR (o.ordered_at AT TIME ZONE 'UTC')::date < '2026-02-01')""",
        ),
    ],
)
def test_other_figures_equal_the_source(finished: Demo, arguments: list[str], sql: str) -> None:
    with psycopg.connect(finished.lake.database.conninfo) as connection:
        expected = connection.execute(sql).fetchall()
    found = [tuple(row.values()) for row in asked(*arguments)]
    assert len(found) == len(expected) > 0
    for row, other in zip(sorted(found), sorted(expected), strict=True):
        assert row[:-1] == other[:-1]
        assert float(row[-1]) == pytest.approx(float(other[-1]), rel=1e-12)


@SLOW
def test_revenue_of_shop_and_store_adds_up_in_each_month(finished: Demo) -> None:
    parts = [
        {row["metric_time__month"]: Decimal(row[name] or 0) for row in asked(name, "--grain", "month")}
        for name in ("net_revenue", "store_revenue", "total_revenue")
    ]
    months = parts[0].keys() | parts[1].keys()
    assert parts[0].keys() != parts[1].keys()  # a month that only one of them has is kept
    assert parts[2] == {month: parts[0].get(month, 0) + parts[1].get(month, 0) for month in months}


def test_an_analyst_is_told_which_column_is_hidden(finished: Demo) -> None:
    assert asked("net_revenue", "--by", "customer__region")
    cli("metric", "net_revenue", "--by", "customer__region", "--role", "analyst")
    refused = run_cli("metric", "buyers", "--role", "analyst")
    assert refused.returncode == 2
    assert "fct_order_items.customer_id (confidential)" in refused.stderr
    assert "--role engineer or steward" in refused.stderr
    assert "sales_by_region_month.customers" in refused.stderr
