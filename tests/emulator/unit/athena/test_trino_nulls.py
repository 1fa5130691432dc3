"""Columns and arguments that are only NULL, whose type is unknown."""

import pytest

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate

EXPRESSIONS = [
    *("upper(x)", "x || 'a'", "x + 1", "x / 2", "round(x)", "abs(x)", "greatest(x, 1)", "x between 1 and 2"),
    *("year(x)", "date_add('day', 1, x)", "date_trunc('day', x)", "date_diff('day', x, x)", "last_day_of_month(x)"),
    *("format_datetime(x, 'yyyy')", "to_iso8601(x)", "json_extract(x, '$')", "cast(x as row(a integer))"),
    *("filter(x, e -> e > 1)", "transform(x, e -> e)", "map_keys(x)", "cardinality(x)", "array_join(x, ',')"),
    *("reduce(x, 0, (s, e) -> s + e, s -> s)", "element_at(x, 1)", "map(x, array[1])", "sum(x)", "max(x)"),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_null_of_an_unknown_type_gives_null(evaluate: Evaluate, expression: str) -> None:
    rows, _ = evaluate(f"SELECT {expression} FROM (VALUES (NULL)) AS t (x)")
    assert rows == [(None,)]


def test_what_has_no_type_is_refused_by_name(evaluate: Evaluate) -> None:
    with pytest.raises(AthenaError, match=r"NOT_SUPPORTED: .*not known"):
        evaluate("SELECT x[1] FROM (VALUES (NULL)) AS t (x)")
