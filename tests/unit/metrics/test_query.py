"""The SQL of metrics on random stars, against a computation in Python; wrong questions are refused."""

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.metrics.loader import load
from lakehouse.metrics.query import check_sight, question
from lakehouse.metrics.sql import statement
from lakehouse.names import Names, Zone
from tests.support.examples import examples
from tests.support.repository import ROOT

METRICS = load(ROOT / "models")
NAMES = Names(environment="dev", account="000000000000", region="eu-central-1")
START = datetime(2026, 1, 30, 23, 59)
SALES = ("new", "paid", "cancelled", "returned", None)

lines = st.lists(
    st.fixed_dictionaries(
        {"order_id": st.integers(1, 4), "customer_id": st.integers(1, 3), "status": st.sampled_from(SALES)}
        | {"channel": st.sampled_from(["web", "a'b", None]), "ordered_at": st.integers(0, 80)}
        | {"net_amount": st.integers(-9, 99)}
    ),
    max_size=8,
)
receipts = st.lists(st.fixed_dictionaries({"sold_at": st.integers(0, 80), "amount": st.integers(-9, 9)}), max_size=4)
regions = st.lists(st.sampled_from(["north", "south", None]), min_size=2, max_size=2)


def month(days: int) -> str:
    """The first day of the month that is so many days after the start."""
    return (START + timedelta(days=days)).strftime("%Y-%m-01")


def versions(current: list[str | None]) -> list[dict[str, Any]]:
    """Versions of three customers: each has an old one in another region, and the third has no current one."""
    old = [{"customer_id": key, "region": "old", "is_current": False} for key in (1, 2, 3)]
    return old + [{"customer_id": key + 1, "region": one, "is_current": True} for key, one in enumerate(current)]


def answers(
    rows: dict[str, list[dict[str, Any]]], *arguments: Any, **options: Any
) -> dict[tuple[str | None, ...], Any]:
    """The values of a metric by its dimensions."""
    return values(rows, statement(METRICS, question(METRICS, *arguments, **options), names=NAMES).sql)


def values(rows: dict[str, list[dict[str, Any]]], sql: str) -> dict[tuple[str | None, ...], Any]:
    """What DuckDB computes from a statement for Athena: the last column, by the columns before it."""
    with duckdb.connect() as connection:
        connection.execute(f"create schema {NAMES.database(Zone.CURATED)}; use {NAMES.database(Zone.CURATED)}")
        connection.execute(
            "create table fct_order_items (order_id int, customer_id int, status text, channel text, "
            "ordered_at timestamp, net_amount int); create table fct_store_sales (sold_at timestamp, amount int); "
            "create table dim_customer (customer_id int, region text, is_current boolean)"
        )
        for table, several in rows.items():
            for row in several:
                cells = [START + timedelta(days=cell) if name.endswith("_at") else cell for name, cell in row.items()]
                connection.execute(
                    f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", cells
                )
        found = connection.execute(sqlglot.transpile(sql, read="athena", write="duckdb")[0]).fetchall()
    assert len({row[:-1] for row in found}) == len(found)
    return {tuple(str(key)[:10] if isinstance(key, date) else key for key in row[:-1]): row[-1] for row in found}


@given(lines, receipts, regions)
@settings(max_examples=examples(40), deadline=None)
def test_values_equal_those_of_python(
    sold: list[dict[str, Any]], till: list[dict[str, Any]], current: list[str | None]
) -> None:
    rows = {"fct_order_items": sold, "fct_store_sales": till, "dim_customer": versions(current)}
    sales = [line for line in sold if line["status"] in ("new", "paid")]
    groups: dict[tuple[str | None, str], list[dict[str, Any]]] = {}
    for line in sales:
        region = current[line["customer_id"] - 1] if line["customer_id"] < 3 else None
        groups.setdefault((month(line["ordered_at"]), region), []).append(line)  # type: ignore[arg-type]
    revenue = {key: sum(line["net_amount"] for line in group) for key, group in groups.items()}
    orders = {key: len({line["order_id"] for line in group}) for key, group in groups.items()}
    by = {"by": ["current_customer__region"], "grain": "month"}
    assert answers(rows, "net_revenue", **by) == revenue
    assert answers(rows, "orders", **by) == orders
    assert answers(rows, "average_order_value", **by) == {key: revenue[key] / orders[key] for key in groups}
    web = [line for line in sales if line["channel"] == "a'b"]
    assert answers(rows, "buyers", where="order_line__channel = 'a''b' -- x") == {
        (): len({line["customer_id"] for line in web})
    }
    months = {month(line["ordered_at"]) for line in sales} | {month(line["sold_at"]) for line in till}
    assert answers(rows, "total_revenue", grain="month") == {
        (one,): sum(line["net_amount"] for line in sales if month(line["ordered_at"]) == one)
        + sum(line["amount"] for line in till if month(line["sold_at"]) == one)
        for one in months
    }


@pytest.mark.parametrize(
    ("metric", "options", "told"),
    [
        ("net_revenu", {}, "no metric 'net_revenu': did you mean 'net_revenue'"),
        ("net_revenue", {"by": ["region"]}, "ambiguous: write one of current_customer__region, customer__region"),
        ("net_revenue", {"by": ["chanel"]}, "no dimension 'chanel'.*--describe"),
        ("total_revenue", {"by": ["order_line__channel"]}, "no dimension 'order_line__channel'"),
        ("net_revenue", {"by": ["status", "order_line__status"]}, "named twice"),
        ("net_revenue", {"grain": "hour"}, "no grain 'hour': use one of day, week, month"),
        ("net_revenue", {"where": "status = 'x'; drop table y"}, "--where: .* is no SQL expression"),
        ("net_revenue", {"where": "status in (select 1)"}, "which is not allowed"),
        ("net_revenue", {"where": "facts__.net_amount > 1"}, "which is not allowed"),
        ("net_revenue", {"where": "net_amount > 1"}, "no dimension 'net_amount'"),
    ],
)
def test_a_wrong_question_is_refused(metric: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(LakehouseError, match=told):
        question(METRICS, metric, **options)


def test_a_role_reads_only_what_it_sees() -> None:
    asked = question(METRICS, "net_revenue", by=["current_customer__region"])
    reads = statement(METRICS, asked, names=NAMES).reads
    check_sight(reads, role=ROLES["engineer"], metric="net_revenue", mart="m.c", project=ROOT / "models")
    for role in ("analyst", "auditor"):
        with pytest.raises(
            LakehouseError, match=f"role {role} does not see: use --role engineer or steward, .*m.c has"
        ):
            check_sight(reads, role=ROLES[role], metric="net_revenue", mart="m.c", project=ROOT / "models")


MONTHLY = {"by": ["current_customer__region"], "grain": "month"}
ASKED: dict[str, dict[str, Any]] = {
    "net_revenue": MONTHLY,
    "orders": MONTHLY,
    "average_order_value": MONTHLY,
    "total_revenue": {"grain": "month"},
    "buyers": {"where": "order_line__channel = 'a''b'"},
}
METRICFLOW = {
    text.partition(" ")[0]: text.partition("\n")[2].strip().rstrip(";").replace('"awsdatacatalog".', "")
    for text in (ROOT / "tests" / "unit" / "metrics" / "metricflow.sql").read_text().split("\n-- ")[1:]
}


@given(lines, receipts, regions)
@settings(max_examples=examples(20), deadline=None)
def test_values_equal_those_of_metricflow(
    sold: list[dict[str, Any]], till: list[dict[str, Any]], current: list[str | None]
) -> None:
    rows = {"fct_order_items": sold, "fct_store_sales": till, "dim_customer": versions(current)}
    assert METRICFLOW.keys() == ASKED.keys()
    for metric, options in ASKED.items():
        assert answers(rows, metric, **options) == values(rows, METRICFLOW[metric])
