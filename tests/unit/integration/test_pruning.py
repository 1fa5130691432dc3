"""Ranges of partitions, compared with PyIceberg's transforms."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.transforms import DayTransform, HourTransform, MonthTransform, YearTransform
from pyiceberg.types import DateType, TimestamptzType

from lakehouse.contracts.types import STRING
from lakehouse.integration import pruning

UNITS = {"year": YearTransform(), "month": MonthTransform(), "day": DayTransform(), "hour": HourTransform()}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LAST = datetime(9998, 12, 31)  # PyIceberg cannot represent dates after the next year


def beginning(value: datetime, unit: str) -> datetime:
    fields = ("year", "month", "day", "hour")
    parts = {name: getattr(value, name) for name in fields[: fields.index(unit) + 1]}
    return datetime(**{"month": 1, "day": 1} | parts, tzinfo=UTC)


@pytest.mark.parametrize("unit", UNITS)
@given(value=st.datetimes(max_value=LAST, timezones=st.just(UTC)))
def test_a_range_of_times_is_a_whole_partition(unit: str, value: datetime) -> None:
    transform = UNITS[unit].transform(TimestamptzType())
    start = beginning(value, unit)

    end = pruning._end(start, unit=unit)

    assert start <= value <= end
    assert transform(_micros(start)) == transform(_micros(value)) == transform(_micros(end))
    assert transform(_micros(end) + 1) == transform(_micros(end)) + 1


@pytest.mark.parametrize("unit", ["year", "month", "day"])
@given(value=st.dates(max_value=LAST.date()))
def test_a_range_of_dates_is_a_whole_partition(unit: str, value: date) -> None:
    transform = UNITS[unit].transform(DateType())
    start = beginning(datetime(value.year, value.month, value.day, tzinfo=UTC), unit).date()

    end = pruning._end(start, unit=unit)

    assert start <= value <= end
    assert transform(_days(start)) == transform(_days(value)) == transform(_days(end))
    assert transform(_days(end) + 1) == transform(_days(end)) + 1


def _micros(value: datetime) -> int:
    return (value - EPOCH) // MICROSECOND


def _days(value: date) -> int:
    return (value - EPOCH.date()).days


def test_text_is_quoted_as_every_engine_reads_it() -> None:
    condition = pruning.one_of("name", ["b\\", "O'Brien"], STRING)
    assert condition.sql == r"(t.`name` = CAST('O\'Brien' AS string) OR t.`name` = CAST('b\\' AS string))"
