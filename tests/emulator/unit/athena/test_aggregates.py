"""Aggregates over no values, NULL values and equal keys."""

import pytest

from tests.support.emulator.trino_values import Evaluate

XS = "(VALUES decimal '1.5', decimal '2.5') AS t (x)"
AVERAGES = [
    ("SELECT avg(x) FROM (VALUES decimal '1.5') t(x) WHERE x > 100", [(None,)]),
    (
        "SELECT k, avg(x) FROM (VALUES (1, decimal '1.5'), (2, null)) t(k, x) GROUP BY k ORDER BY k",
        [("1", "1.5"), ("2", None)],
    ),
    ("SELECT avg(x) FILTER (WHERE x > 9) FROM (VALUES decimal '1.5') t(x)", [(None,)]),
    (
        f"SELECT avg(x) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM {XS} ORDER BY x",
        [(None,), ("1.5",)],
    ),
    (
        "SELECT (SELECT avg(x) FROM (VALUES decimal '1.5') t(x) WHERE x > k) FROM (VALUES 1, 2) s(k) ORDER BY k",
        [("1.5",), (None,)],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), AVERAGES, ids=str)
def test_the_average_of_no_decimals_is_null(evaluate: Evaluate, sql: str, rows: list[tuple[str | None, ...]]) -> None:
    assert evaluate(sql)[0] == rows


KEYS = [
    ("(1, 10), (1, 20), (2, 30)", "{1=10, 2=30}"),
    ("(null, 10), (2, 20)", "{2=20}"),
    ("(null, 10), (null, 20)", None),
    ("(1, null), (1, 5)", "{1=null}"),
    ("(map(array[1, 2], array[1, 1]), 1), (map(array[2, 1], array[1, 1]), 2)", "{{1=1, 2=1}=1}"),
]


@pytest.mark.parametrize(("rows", "value"), KEYS, ids=str)
def test_map_agg_keeps_the_first_value_of_a_key(evaluate: Evaluate, rows: str, value: str | None) -> None:
    assert evaluate(f"SELECT map_agg(k, v) FROM (VALUES {rows}) AS t (k, v)")[0] == [(value,)]
