"""Comparisons with NULL and NaN inside arrays, maps and rows.

Source: https://trino.io/docs/current/functions/comparison.html and Trino's tests of its operators (TestRowOperators,
TestArrayOperators, TestMapOperators, TestDoubleOperators).
"""

import pytest

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate

COMPARISONS = [
    ("row(1, null) = row(1, 2)", None),
    ("row(1, null) = row(2, 2)", "false"),
    ("row(1, null) <> row(2, null)", "true"),
    ("row(1, null) <> row(1, null)", None),
    ("row(1, row(2, null)) = row(1, row(3, null))", "false"),
    ("(1, null) = (1, null)", None),
    ("cast(row(1, 2) as row(a integer, b integer)) = cast(row(1, 2) as row(x bigint, y bigint))", "true"),
    ("cast(row(1, 2) as row(a integer, b integer)) is distinct from row(1, 2)", "false"),
    ("array[1, null] = array[1, null]", None),
    ("array[1, null] = array[2, null]", "false"),
    ("array[1, null] = array[1]", "false"),
    ("array[1, null] <> array[1, 2, 3]", "true"),
    ("array[array[1], array[null]] = array[array[1], array[2]]", None),
    ("cast(null as array(integer)) = array[1]", None),
    ("array[] = array[]", "true"),
    ("array[1, 2] = array[1, 2]", "true"),
    ("array[1, null] is distinct from array[1, null]", "false"),
    ("array[1, null] is not distinct from array[1, 2]", "false"),
    ("array[1, 2] < array[1, 3]", "true"),
    ("array[1, 2] < array[1, 2, 0]", "true"),
    ("array[1, 2] >= array[1, 2, 0]", "false"),
    ("array[1, null] < array[2, null]", "true"),
    ("row(1, 2) < row(1, 3)", "true"),
    ("row(2, 'a') between row(1, 'b') and row(2, 'a')", "true"),
    ("map(array[1, 2], array[3, 4]) = map(array[2, 1], array[4, 3])", "true"),
    ("map(array[1, 2], array[3, null]) = map(array[2, 1], array[null, 3])", None),
    ("map(array[1, 2], array[3, null]) = map(array[2, 1], array[null, 4])", "false"),
    ("map(array[1, 2], array[3, null]) = map(array[1, 5], array[3, null])", "false"),
    ("map(array[1], array[null]) <> map(array[1], array[2])", None),
    ("map(array[1, 2], array[3, null]) is distinct from map(array[2, 1], array[null, 3])", "false"),
    ("array[map(array[1, 2], array[3, 4])] = array[map(array[2, 1], array[4, 3])]", "true"),
    ("row(map(array[1, 2], array[3, 4])) is distinct from row(map(array[2, 1], array[4, 3]))", "false"),
    ("nan() = nan()", "false"),
    ("nan() <> nan()", "true"),
    ("nan() = null", None),
    ("nan() is distinct from nan()", "false"),
    ("nan() > 0", "false"),
    ("nan() >= nan()", "false"),
    ("nan() < 1e0", "false"),
    ("1e0 < nan()", "false"),
    ("cast(nan() as real) > real '1'", "false"),
    ("cast(null as double) < nan()", None),
    ("nan() between 0 and infinity()", "false"),
    ("nan() not between 0 and infinity()", "true"),
    ("0e0 / 0 > 1", "false"),
    ("-0e0 = 0e0", "true"),
    ("array[nan()] = array[nan()]", "false"),
    ("row(nan(), 1) = row(nan(), null)", "false"),
    ("array[nan()] is distinct from array[nan()]", "false"),
    ("nan() in (nan(), 1)", "false"),
    ("nan() in (1, null)", None),
    ("nan() in (values nan(), 1)", "true"),
    ("nan() in (values nan(), null)", "true"),
    ("nan() not in (select nan() where false)", "true"),
    ("1e0 in (values nan(), 1)", "true"),
    ("nan() = any (values nan())", "true"),
    ("nan() = some (select nan())", "true"),
    ("1e0 <= all (values nan(), 2)", "false"),
    ("1e0 < all (values 2, null)", None),
    ("1e0 < all (select 1e0 where false)", "true"),
    ("array[1, null] in (array[1, 2], array[2, 1])", None),
    ("array[1, null] in (array[3, 2], array[2, 1])", "false"),
    ("array[1, 2] in (array[1, null], array[1, 2])", "true"),
    ("(1, null) in (values (1, 2), (3, 4))", "false"),
    ("(1, null) in (values (2, 2), (3, 4))", "false"),
    ("(1, 2) in (values (1, 2), (3, null))", "true"),
    ("(3, 2) not in (values (1, 2), (3, null))", "true"),
    ("map(array[1, 2], array[3, 4]) in (values map(array[2, 1], array[4, 3]))", "true"),
    ("case array[1, null] when array[1, null] then 'a' when array[1, 2] then 'b' else 'c' end", "c"),
    ("case nan() when nan() then 'a' else 'b' end", "b"),
    ("nullif(nan(), nan())", "NaN"),
    ("nullif(map(array[1, 2], array[3, 4]), map(array[2, 1], array[4, 3]))", None),
    ("if(nan() > 1, 'a', 'b')", "b"),
    ("filter(array[1, nan(), 3], x -> x > 2)", "[3.0]"),
    ("any_match(array[array[1, null]], x -> x = array[1, 2])", None),
]
ARRAYS = [
    ("array_except(array[1, null, 2], array[1])", "[null, 2]"),
    ("array_except(array[1, null, 2, null], array[null])", "[1, 2]"),
    ("array_except(cast(null as array(integer)), array[1])", None),
    ("array_except(array[1], null)", None),
    ("array_intersect(array[1, null], array[null, 1])", "[1, null]"),
    ("array_intersect(array[1, null], array[1, 1])", "[1]"),
    ("array_intersect(array[1], array[2, 1, 2])", "[1]"),
    ("array_intersect(array[1, 2], array[3, 2, 1])", "[2, 1]"),
    ("array_intersect(array[1], null)", None),
    ("array_union(array[1, null], array[null, 2])", "[1, null, 2]"),
    ("array_union(array[1], null)", None),
    ("array_distinct(array[nan(), null, nan(), null])", "[NaN, null]"),
    ("array_distinct(array[array[1, null], array[1, null]])", "[[1, null]]"),
    ("cardinality(array_distinct(array[map(array[1, 2], array[3, 4]), map(array[2, 1], array[4, 3])]))", "1"),
    ("arrays_overlap(array[1, 2], array[null, 3])", None),
    ("arrays_overlap(array[1, null], array[1])", "true"),
    ("arrays_overlap(array[null, null], array[null])", None),
    ("arrays_overlap(array[], array[null])", "false"),
    ("arrays_overlap(array[1], null)", None),
    ("contains(array[], null)", None),
    ("contains(cast(null as array(integer)), 1)", None),
    ("contains(array[1, null], 1)", "true"),
    ("contains(array[nan()], nan())", "false"),
    ("contains(array[1e0, null], nan())", None),
    ("contains(array[row(1, 2), row(1, null)], row(1, 2))", "true"),
    ("contains(array[array[1]], array[1])", "true"),
    ("contains(array[map(array[1, 2], array[3, 4])], map(array[2, 1], array[4, 3]))", "true"),
    ("array_position(array[1, null], null)", None),
    ("array_position(array[null, 2], 2)", "2"),
    ("array_position(array[nan()], nan())", "0"),
    ("array_position(cast(null as array(integer)), 1)", None),
    ("array_remove(array[1, null, 2], null)", None),
    ("array_remove(array[1, null, 2], 2)", "[1, null]"),
    ("array_remove(array[nan(), 1], nan())", "[NaN, 1.0]"),
    ("array_remove(array[array[1], array[2]], array[1])", "[[2]]"),
    ("array_sort(array[nan(), null, 1])", "[1.0, NaN, null]"),
    ("any_match(cast(null as array(integer)), x -> x > 1)", None),
    ("all_match(cast(null as array(integer)), x -> x > 1)", None),
    ("none_match(cast(null as array(integer)), x -> x > 1)", None),
    ("none_match(array[1, null], x -> x > 1)", None),
    ("flatten(array[array[1, null], null, array[2]])", "[1, null, 2]"),
    ("zip(array[1], cast(null as array(integer)))", None),
    ("array[1] || cast(null as array(integer))", None),
    ("concat(array[1], cast(null as array(integer)))", None),
    ("reverse(array[1, null])", "[null, 1]"),
    ("slice(array[1, null, 3], 2, 2)", "[null, 3]"),
    ("repeat(cast(null as integer), 2)", "[null, null]"),
    ("transform(array[1, null], x -> x + 1)", "[2, null]"),
    ("filter(array[1, null], x -> x > 0)", "[1]"),
    ("reduce(array[1, null, 2], 0, (s, x) -> s + coalesce(x, 0), s -> s)", "3"),
    ("zip_with(array[1, null], array[2], (a, b) -> coalesce(a, 0) + coalesce(b, 0))", "[3, 0]"),
    ("array_min(array[2, 1])", "1"),
    ("array_join(array[null, 'a'], ',', '-')", "-,a"),
    ("map_concat(map(array[1], array[2]), null)", None),
    ("map_concat(map(array[1], array[2]), map(array[1], array[3]))", "{1=3}"),
    ("element_at(array[1, null], 2)", None),
    ("cardinality(cast(null as array(integer)))", None),
]


@pytest.mark.parametrize(("expression", "value"), [*COMPARISONS, *ARRAYS], ids=str)
def test_an_expression_has_trinos_value(evaluate: Evaluate, expression: str, value: str | None) -> None:
    assert evaluate(f"SELECT {expression}")[0] == [(value,)]


REFUSED = [
    ("array[1, null] < array[1, 2]", "NOT_SUPPORTED: ARRAY comparison not supported for arrays with null elements"),
    ("row(1, null) < row(1, 2)", "NOT_SUPPORTED: ROW comparison not supported for fields with null elements"),
    (
        "contains(array[row(1, null)], row(1, 2))",
        "NOT_SUPPORTED: contains does not support arrays with elements that are null or contain null",
    ),
    (
        "array_position(array[row(1, null)], row(1, 2))",
        "NOT_SUPPORTED: array_position does not support arrays with elements that are null or contain null",
    ),
    (
        "array_remove(array[array[1, null]], array[1, 2])",
        "NOT_SUPPORTED: array_remove does not support arrays with elements that are null or contain null",
    ),
    ("map(array[1], array[1]) < map(array[1], array[2])", "Cannot apply operator"),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=str)
def test_a_comparison_that_trino_refuses_is_refused(evaluate: Evaluate, expression: str, message: str) -> None:
    with pytest.raises(AthenaError, match=message.replace("(", r"\(")):
        evaluate(f"SELECT {expression}")


ROWS = "(1, map(array['a', 'b'], array[1, null])), (2, map(array['b', 'a'], array[null, 1])), (3, null)"
MAPS = f"(VALUES {ROWS}) AS t (n, m)"
TWO = "(VALUES (1, map(array['a', 'b'], array[1, 2])), (2, map(array['b', 'a'], array[2, 1]))) AS %s (n, m)"
NESTED = "(VALUES row(row(1, null)), row(row(1, 2))) AS %s (x)"
QUERIES = [
    (f"SELECT count(*) FROM (SELECT DISTINCT m FROM {MAPS})", [("2",)]),
    (f"SELECT sum(n), cardinality(m) FROM {MAPS} GROUP BY m ORDER BY 2", [("3", "2"), ("3", None)]),
    (f"SELECT m, count(*) FROM {MAPS} GROUP BY 1 ORDER BY 2", [(None, "1"), ("{a=1, b=null}", "2")]),
    (f"SELECT count(*) FROM {MAPS} GROUP BY array[m] ORDER BY 1", [("1",), ("2",)]),
    (f"SELECT count(DISTINCT m) FROM {MAPS}", [("1",)]),
    (f"SELECT n, count(*) OVER (PARTITION BY m) FROM {MAPS} ORDER BY 1", [("1", "2"), ("2", "2"), ("3", "1")]),
    (f"SELECT count(*) FROM (SELECT m FROM {MAPS} UNION SELECT m FROM {MAPS})", [("2",)]),
    (f"SELECT count(*) FROM (SELECT m FROM {MAPS} WHERE n = 1 EXCEPT SELECT m FROM {MAPS} WHERE n = 2)", [("0",)]),
    (f"SELECT count(*) FROM (SELECT m FROM {MAPS} WHERE n = 1 INTERSECT SELECT m FROM {MAPS} WHERE n = 2)", [("1",)]),
    (f"SELECT count(*) FROM {TWO % 'a'} JOIN {TWO % 'b'} ON a.m = b.m", [("4",)]),
    (f"SELECT count(*) FROM {TWO % 'a'} JOIN {TWO % 'b'} USING (m)", [("4",)]),
    (f"SELECT count(*) FROM {MAPS} WHERE m = map(array['b', 'a'], array[null, 1])", [("0",)]),
    (f"SELECT count(*) FROM {MAPS} WHERE NOT m = map(array['b', 'a'], array[2, 3])", [("2",)]),
    (f"SELECT cardinality(histogram(m)) FROM {MAPS}", [("1",)]),
    ("SELECT count(*) FROM (VALUES nan(), nan(), null) t(x) GROUP BY x ORDER BY 1", [("1",), ("2",)]),
    ("SELECT count(*) FROM (SELECT DISTINCT x FROM (VALUES array[1, null], array[1, null]) t(x))", [("1",)]),
    ("SELECT count(*) FROM (VALUES nan(), 1) a(x) JOIN (VALUES nan(), 1) b(x) ON a.x = b.x", [("1",)]),
    ("SELECT count(*) FROM (VALUES nan(), 1) a(x) JOIN (VALUES nan(), 1) b(x) USING (x)", [("1",)]),
    (
        f"SELECT count(*) FROM {NESTED % 'a'} JOIN {NESTED % 'b'} ON a.x = b.x",
        [("1",)],
    ),
    ("SELECT count(*) FROM (VALUES nan(), 1, 2) a(x) WHERE x > 1", [("1",)]),
    ("SELECT count(*) FROM (VALUES nan(), 1, 2) a(x) WHERE x IN (SELECT x FROM (VALUES nan(), 2) b(x))", [("1",)]),
    (
        "SELECT count(*) FROM (VALUES (1, array[1]), (1, array[null])) a(k, x) WHERE (k, x) IN (SELECT 1, array[1])",
        [("1",)],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), QUERIES, ids=str)
def test_a_query_groups_and_joins_by_trinos_equality(
    evaluate: Evaluate, sql: str, rows: list[tuple[str | None, ...]]
) -> None:
    assert evaluate(sql)[0] == rows
