"""Quality rules, measured on the engine: they equal what Python counts, and say so where they cannot be measured."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.model import QualityRule
from lakehouse.contracts.types import INT, STRING, decimal
from lakehouse.engine.session import spark
from lakehouse.quality.measure import evaluate
from lakehouse.quality.metric_sql import metric
from lakehouse.quality.verdict import Verdict
from tests.support.contract_builders import column, contract
from tests.support.moves.frames import frame

SHOP = contract(column("id", INT), column("status", STRING), column("price", decimal(6, 2)))
SCHEMA = pa.schema([(item.name, item.type.arrow) for item in SHOP.columns])

Row = dict[str, Any]


def rule(
    metric: str | None = None, *, column: str | None = None, query: str | None = None, **given: Any
) -> QualityRule:
    return QualityRule(
        name=f"{metric or 'sql'}_{column or 'all'}",
        column=column,
        metric=metric,
        query=query,
        operator="mustBe",
        thresholds=(Decimal(0),),
        **given,
    )


def shop(rows: list[Row]) -> DataFrame:
    return frame(pa.Table.from_pylist(rows, schema=SCHEMA))


def measured(rows: list[Row], *rules: QualityRule, may_be_empty: bool = True) -> list[Any]:
    return [result.measured for result in evaluate(shop(rows), rules, SHOP, may_be_empty=may_be_empty)]


@pytest.fixture(autouse=True)
def _engine(aws: Server) -> None:
    """The engine has a catalog to start with."""


shops = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.integers(0, 4),
            "status": st.none() | st.sampled_from(["", "new", "paid", "n/a", "x'y", "a\\d"]),
            "price": st.none() | st.sampled_from([Decimal("1.50"), Decimal("2.00")]),
        }
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(shops)
def test_metrics_count_what_python_counts(rows: list[Row]) -> None:
    found = measured(
        rows,
        rule("rowCount"),
        rule("nullValues", column="id"),
        rule("missingValues", column="status", values=(None, "", "n/a")),
        rule("invalidValues", column="status", values=("new", "x'y"), pattern=r"^(a\\d|[a-z']+)$"),
        rule("invalidValues", column="price", values=("1.5", "no number")),
        rule("duplicateValues", column="id"),
        rule("duplicateValues", properties=("id", "status")),
    )
    repeated = Counter(row["id"] for row in rows if row["id"] is not None)
    pairs = Counter((row["id"], row["status"]) for row in rows if None not in (row["id"], row["status"]))
    assert found == [
        len(rows),
        sum(row["id"] is None for row in rows),
        sum(row["status"] in (None, "", "n/a") for row in rows),
        sum(row["status"] not in (None, "new", "x'y") for row in rows),
        sum(row["price"] not in (None, Decimal("1.50")) for row in rows),
        repeated.total() - len(repeated),
        pairs.total() - len(pairs),
    ]


@settings(max_examples=15, deadline=None)
@given(shops)
def test_the_rules_of_glue_data_quality_measure_the_same(rows: list[Row]) -> None:
    rules = [
        rule("missingValues", column="status", values=(None, "", "n/a")),
        rule("missingValues", column="price", values=("1.5", "no number")),
        rule("invalidValues", column="status", values=("new", "x'y"), pattern=r"^(a\\d|[a-z']+)$"),
        rule("invalidValues", column="price", values=("1.5", "no number")),
        rule("duplicateValues", column="id"),
        rule("duplicateValues", properties=("id", "status")),
        rule("nullValues", column="id"),
    ]
    shop(rows).createOrReplaceTempView("shop")
    listed = ", ".join(metric(item, SHOP) for item in rules)
    [found] = spark().sql(f"SELECT {listed} FROM shop").collect()
    assert list(found) == measured(rows, *rules)


def test_a_value_may_have_any_space() -> None:
    spaced = ["a b", "a\tb", "a\u00a0b", "a\u2003b", "a\u2028b"]
    rows = [{"status": status} for status in spaced]
    assert measured(rows, rule("invalidValues", column="status", values=tuple(spaced))) == [0]


def test_a_query_measures_one_number() -> None:
    rows = [{"id": n, "status": "new"} for n in range(3)]
    query = "SELECT count(*) FROM {table} WHERE {column} > 0"
    assert measured(rows, rule(query=query, column="id")) == [2]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT id FROM {table}", "its query returns [(0,), (1,)], expected one row with one number"),
        ("SELECT id FROM {table} WHERE id > 9", "its query returns nothing, expected one row with one number"),
        ("SELECT max(status) FROM {table}", "its query returns 'new', expected a number"),
        ("SELECT CAST(NULL AS int)", "its query returns None, expected a number"),
        ("SELECT CAST('NaN' AS double)", "its query returns nan, expected a finite number"),
        ("SELECT nothing FROM {table}", "nothing"),
    ],
)
def test_what_measures_no_number_is_not_evaluated(query: str, reason: str) -> None:
    rows = [{"id": n, "status": "new"} for n in range(3)]
    (result,) = evaluate(shop(rows), [rule(query=query)], SHOP, may_be_empty=False)
    assert result.verdict is Verdict.NOT_EVALUATED
    assert result.reason is not None
    assert reason in result.reason


def test_no_row_is_no_pass_unless_the_dataset_may_be_empty() -> None:
    rules = [rule("nullValues", column="id"), rule("rowCount"), rule(query="SELECT count(*) FROM {table}")]
    assert measured([], *rules, may_be_empty=False) == [None, 0, None]
    assert measured([], *rules, may_be_empty=True) == [0, 0, 0]


def test_percent_is_of_the_rows() -> None:
    rows = [{"id": None}, {"id": 1}, {"id": 2}, {"id": 3}]
    assert measured(rows, rule("nullValues", column="id", percent=True)) == [25]
