"""Text is converted to its value or rejected, with the same result for whole arrays and for single values."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    TIMESTAMP,
    Type,
    decimal,
    list_of,
    struct_of,
)
from lakehouse.readers.text import convert
from lakehouse.readers.values import RejectedError, parse
from tests.support.examples import examples

MONEY = decimal(10, 2)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("17", INT, 17),
        (" +017 ", INT, 17),
        ("17850.0", INT, 17850),
        ("1e3", LONG, 1000),
        ("-9223372036854775808", LONG, -(2**63)),
        ("1.5", MONEY, Decimal("1.50")),
        ("1.500", MONEY, Decimal("1.50")),
        ("-.5", MONEY, Decimal("-0.50")),
        ("1E+2", MONEY, Decimal(100)),
        ("99999999.99", MONEY, Decimal("99999999.99")),
        ("0.0", decimal(2, 2), Decimal("0.00")),
        ("-0.25", DOUBLE, -0.25),
        ("1e-3", DOUBLE, 0.001),
        ("Yes", BOOLEAN, True),
        ("f", BOOLEAN, False),
        ("0", BOOLEAN, False),
        ("2024-02-29", DATE, date(2024, 2, 29)),
        ("2026-01-02T00:00:00", DATE, date(2026, 1, 2)),
        ("2026-01-02T00:00:00+00:00", DATE, date(2026, 1, 2)),
        ("2026-01-02t00:00:00.000z", DATE, date(2026, 1, 2)),
        ("2026-01-02 00:00:00 UTC", DATE, date(2026, 1, 2)),
        ("2026-01-02 00:00-0000", DATE, date(2026, 1, 2)),
        ("2026-01-02", TIMESTAMP, utc(2026, 1, 2)),
        ("2026-01-02 03:04", TIMESTAMP, utc(2026, 1, 2, 3, 4)),
        ("2026-01-02t03:04:05z", TIMESTAMP, utc(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05.5Z", TIMESTAMP, utc(2026, 1, 2, 3, 4, 5, 500000)),
        ("2026-01-02T03:04:05.123456000", TIMESTAMP, utc(2026, 1, 2, 3, 4, 5, 123456)),
        ("2026-01-02 03:04:05+02", TIMESTAMP, utc(2026, 1, 2, 1, 4, 5)),
        ("2026-01-02 03:04:05 -0530", TIMESTAMP, utc(2026, 1, 2, 8, 34, 5)),
        ("2026-01-02 03:04:05 UTC", TIMESTAMP, utc(2026, 1, 2, 3, 4, 5)),
        ("aGk=", BINARY, b"hi"),
        ("[1, null, 2.0]", list_of(INT), [1, None, 2]),
        ('{"a": {"b": 1.10}}', struct_of({"a": struct_of({"b": MONEY})}), {"a": {"b": Decimal("1.10")}}),
        ("  ", INT, None),
        ("", DATE, None),
    ],
)
def test_accepted(text: str, type_: Type, value: Any) -> None:
    converted = convert(pa.array([text]), type_)
    assert converted.rejected == {}
    assert converted.values.to_pylist() == [value]


@pytest.mark.parametrize(
    ("text", "type_", "reason"),
    [
        ("n/a", INT, "expected integer, found 'n/a'"),
        ("17.5", INT, "expected integer, found '17.5'"),
        ("0x1F", INT, "expected integer, found '0x1F'"),
        ("1_000", INT, "expected integer, found '1_000'"),
        ("\uff11\uff12", INT, "expected integer, found '\uff11\uff12'"),
        ("2147483648", INT, "outside the range of int, found '2147483648'"),
        ("9223372036854775808", LONG, "outside the range of bigint, found '9223372036854775808'"),
        ("1e999999999", LONG, "outside the range of bigint, found '1e999999999'"),
        ("1.005", MONEY, "more than 2 digits after the decimal point, found '1.005'"),
        ("1E-999999999", MONEY, "more than 2 digits after the decimal point, found '1E-999999999'"),
        ("100000000", MONEY, "outside the range of decimal(10,2), found '100000000'"),
        ("1,50", MONEY, "expected number, found '1,50'"),
        ("NaN", DOUBLE, "expected number, found 'NaN'"),
        ("inf", DOUBLE, "expected number, found 'inf'"),
        ("1e400", DOUBLE, "outside the range of double, found '1e400'"),
        ("1e39", FLOAT, "outside the range of float, found '1e39'"),
        ("maybe", BOOLEAN, "expected boolean, found 'maybe'"),
        ("2026-02-30", DATE, "expected date, found '2026-02-30'"),
        ("2026-01-02 10:00", DATE, "expected date, found '2026-01-02 10:00'"),
        ("2026-01-02T00:00+02:00", DATE, "expected date, found '2026-01-02T00:00+02:00'"),
        ("02/01/2026", DATE, "expected date, found '02/01/2026'"),
        ("0000-01-01", DATE, "expected date, found '0000-01-01'"),
        ("2026-02-30", TIMESTAMP, "expected timestamp, found '2026-02-30'"),
        ("2026-01-02 24:00:00", TIMESTAMP, "expected timestamp, found '2026-01-02 24:00:00'"),
        ("2026-01-02 03:04:05.0000001", TIMESTAMP,
         "timestamp finer than microseconds, found '2026-01-02 03:04:05.0000001'"),
        ("9999-12-31 23:00-02", TIMESTAMP, "timestamp outside the years 1 to 9999 in UTC, found '9999-12-31 23:00-02'"),
        ("1767323045", TIMESTAMP, "expected timestamp, found '1767323045'"),
        ("hi!", BINARY, "expected base64, found 'hi!'"),
        ("x" * 70, INT, f"expected integer, found '{'x' * 60}...' (70 characters)"),
        ('[1, "x"]', list_of(INT), "[1]: expected integer, found 'x'"),
        ('{"a": 1}', list_of(INT), "expected list<int>, found '{\"a\": 1}'"),
        ('{"a": {"b": "x"}}', struct_of({"a": struct_of({"b": INT})}), "a.b: expected integer, found 'x'"),
    ],
)  # fmt: skip
def test_rejected(text: str, type_: Type, reason: str) -> None:
    for before in ([], [""], [None, "x"]):  # the other values of an array decide how it is converted
        converted = convert(pa.array([*before, text]), type_)
        assert converted.rejected[len(before)] == reason
        assert converted.values.null_count == len(before) + 1


def joined(*parts: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(*map(st.sampled_from, parts)).map("".join)


NUMBERS = joined(
    ["", " "],
    ["", "+", "-", "--"],
    ["", "0", "7", "00123", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "1" * 40, "0x1F"],
    ["", ".", ".0", ".5", ".25", ".250", ".005", ".0000000"],
    ["", "", "e3", "E-2", "e+40", "e-77", "e400"],
    ["", " "],
)
TIMES = joined(
    ["2026-01-02", "2024-02-29", "2026-02-29", "2026-04-31", "0000-01-01", "0001-01-01", "9999-12-31", "31/12/2026"],
    ["", " ", "T"],
    ["", "03", "03:04", "0304", "03:04:05", "030405", "24:00", "23:59:60"],
    ["", "", ".", ".123456", ".1234560", ".1234567"],
    ["", "", "Z", " Z", " UTC", "+02", "-0530", "+14:00", "+99:00"],
)
TEXTS = st.one_of(NUMBERS, TIMES, st.text(max_size=8), st.sampled_from(["nan", "-inf", "20261231", "0X1", "t", "Yes"]))
TYPES = st.sampled_from([INT, LONG, FLOAT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, MONEY, decimal(3, 3), decimal(38, 0)])


@settings(max_examples=examples(1000))
@given(TYPES, st.lists(st.one_of(st.none(), TEXTS), max_size=6), st.sampled_from([None, "dd/MM/yyyy", "yyyyMMdd"]))
def test_arrays_are_converted_as_single_values_are(
    type_: Type, texts: list[str | None], time_format: str | None
) -> None:
    converted = convert(pa.array(texts, pa.string()), type_, time_format=time_format)
    assert converted.values.type == type_.arrow
    one_by_one = [(None, None) if text is None else _parsed(text, type_, time_format) for text in texts]
    assert converted.values.to_pylist() == [value for value, _ in one_by_one]
    assert converted.rejected == {i: reason for i, (_, reason) in enumerate(one_by_one) if reason}


def _parsed(text: str, type_: Type, time_format: str | None) -> tuple[Any, str | None]:
    try:
        return parse(text, type_, time_format=time_format), None
    except RejectedError as error:
        return None, str(error)


@settings(max_examples=examples(500))
@given(TYPES, TEXTS)
def test_an_accepted_value_equals_its_text(type_: Type, text: str) -> None:
    converted = convert(pa.array([text]), type_)
    value = converted.values[0].as_py()
    match value:
        case bool() | None:
            return
        case int() | Decimal():
            assert Decimal(text.strip()) == value
        case float():
            assert math.isfinite(value)
            assert value == pa.scalar(float(text), type_.arrow).as_py()
        case datetime():
            assert value == _read_back(text)
        case date():
            assert text.strip()[:10] == value.isoformat()


def _read_back(text: str) -> datetime:
    """The instant that Python's own parser reads, which accepts fewer formats and cuts nanoseconds."""
    moment = (
        text.strip().replace(" UTC", "Z").replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+").replace(" -", "-")
    )
    read = datetime.fromisoformat(moment)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])), st.sampled_from("T "))
def test_every_instant_is_accepted_as_it_is_written(at: datetime, separator: str) -> None:
    if date(2, 1, 1) < at.date() < date(9999, 1, 1):
        assert convert(pa.array([at.isoformat(sep=separator)]), TIMESTAMP).values.to_pylist() == [at]


@given(st.decimals(min_value=-99999999, max_value=99999999, places=2))
def test_every_decimal_that_fits_is_accepted(value: Decimal) -> None:
    assert convert(pa.array([str(value)]), MONEY).values.to_pylist() == [value]
