"""The mart that tests compare: from Athena, and computed from the source database."""

from datetime import date
from typing import Any

import boto3
import psycopg

from lakehouse.engine import athena
from lakehouse.names import Names, Zone
from tests.support.demo import tables

Row = tuple[Any, ...]

SQL = """
    SELECT coalesce(c.region, 'unknown'), date_trunc('month', o.ordered_at AT TIME ZONE 'UTC')::date,
        count(DISTINCT o.order_id), sum(i.quantity),
        sum(round(i.quantity * i.unit_price, 2)),
        sum(round(i.quantity * i.unit_price * (1 - coalesce(i.discount, 0)), 2)), count(DISTINCT o.customer_id)
    FROM order_items i JOIN orders o USING (order_id) LEFT JOIN customers c USING (customer_id)
    WHERE o.status NOT IN ('cancelled', 'returned')
    GROUP BY 1, 2 ORDER BY 1, 2
"""


def of_database(conninfo: str) -> list[Row]:
    """Sales by region and month, of the source database."""
    with psycopg.connect(conninfo) as connection:
        return [tuple(row) for row in connection.execute(SQL)]


def of_lakehouse(names: Names) -> list[Row]:
    """Sales by region and month, of the curated zone."""
    found = athena.query(
        boto3.client("athena"),
        "select region, month, orders, items, gross_revenue, net_revenue, customers "
        f"from {names.database(Zone.CURATED)}.sales_by_region_month order by 1, 2",
        names=names,
    )
    return [
        (region, date.fromisoformat(month or ""), *(tables.number(value) for value in measures))
        for region, month, *measures in found.rows
    ]
