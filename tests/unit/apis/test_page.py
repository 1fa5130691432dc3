"""Pages and cursors of APIs: what is one, and what is left alone."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lakehouse.apis.page import PageError, read
from lakehouse.contracts import types
from lakehouse.contracts.api_cursor import order
from tests.support.rates_contract import RATES, with_api

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BARE = with_api(records=()).source


def test_records_are_found_where_the_contract_says() -> None:
    assert read(b'{"rates": [{"rate": 1.10}], "next": null}', RATES.source).records == [{"rate": Decimal("1.10")}]
    assert read(b"[1, 2]", BARE).records == [1, 2]
    assert read(b'{"a": 1}', BARE).records == [{"a": 1}]
    deep = with_api(records=("data", "items")).source
    assert read(b'{"data": {"items": []}}', deep).records == []
    lines = replace(BARE, format="jsonl")
    assert read('{"a": "x\u2028y"}\n\n{"a": 2}\n'.encode(), lines).records == [{"a": "x\u2028y"}, {"a": 2}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "expected JSON, found ''"),
        (b'{"rates": [{"rate": 1.1}, {"ra', "expected JSON"),
        (b"<html>\x1b[31mBack soon</html>", "found '<html>\\x1b[31mBack soon</html>'"),
        (b'{"error": "too busy"}', "expected an array at 'rates', found '{\"error\": \"too busy\"}'"),
        (b'{"rates": {"rate": 1}}', "expected an array at 'rates'"),
        (b"[]", "expected an array at 'rates'"),
        (b"\xff\xfe{}", "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
    ],
)
def test_a_response_that_is_not_a_page_is_an_error(body: bytes, reason: str) -> None:
    with pytest.raises(PageError) as error:
        read(body, RATES.source)
    assert reason in str(error.value)
    assert str(error.value).isprintable()


def test_the_digest_covers_only_the_records() -> None:
    first, again = (read(b'{"rates": [{"a": 1}], "at": %d}' % at, RATES.source) for at in (1, 2))
    other = read(b'{"rates": [{"a": 2}], "at": 1}', RATES.source)
    assert first.digest == again.digest != other.digest


@pytest.mark.parametrize(
    ("type_", "ascending", "no_cursor"),
    [
        (types.LONG, [Decimal(-3), "9", Decimal(10), "11"], [None, True, "x", "NaN", [], {}]),
        (types.decimal(9, 2), ["1.5", Decimal("1.50001")], ["Infinity"]),
        (types.DATE, ["2026-02-28", "2026-03-02"], ["2026-03-03", "2026-02-30", "9999-12-31"]),
        (
            types.TIMESTAMP,
            ["2026-02-28", "2026-02-28T23:00:00-02:00", "2026-03-02T12:00:00Z"],
            ["2026-03-02T12:00:01Z"],
        ),
        (types.STRING, ["01ARZ", "01BX5"], [None, {}]),
    ],
)
def test_cursors_are_compared_as_their_type(
    type_: types.Type, ascending: list[object], no_cursor: list[object]
) -> None:
    ordered = [order(value, type_, now=NOW) for value in ascending]
    assert None not in ordered
    assert sorted(ordered) == ordered
    assert [order(value, type_, now=NOW) for value in no_cursor] == [None] * len(no_cursor)
