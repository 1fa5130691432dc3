"""Times and time zones as Trino computes them: rounding, daylight saving, intervals, texts; and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.athena.runtime.errors import AthenaError
from tests.support.emulator.trino_values import Evaluate
from tests.support.examples import examples

ROUNDING = [
    ("cast(timestamp '1960-01-01 10:00:00.111' as timestamp(0))", "1960-01-01 10:00:00.000", "timestamp(0)"),
    ("cast(timestamp '1960-01-01 10:00:00.111' as timestamp(1))", "1960-01-01 10:00:00.100", "timestamp(1)"),
    ("cast(timestamp '1500-05-10 10:00:00.5555' as timestamp(3))", "1500-05-10 10:00:00.556", "timestamp(3)"),
    ("cast('2020-05-01 12:34:56.111' as timestamp(0))", "2020-05-01 12:34:56.000", "timestamp(0)"),
    ("cast('2020-05-01 12:34:56.9999999' as timestamp(6))", "2020-05-01 12:34:57.000000", "timestamp(6)"),
    ("cast(timestamp '2020-05-01 12:34:56.123456789' as timestamp(6))", "2020-05-01 12:34:56.123457", "timestamp(6)"),
    (
        "cast(timestamp '1969-12-31 23:59:59.9 UTC' as timestamp(0) with time zone)",
        "1970-01-01 00:00:00.000 UTC",
        "timestamp(0) with time zone",
    ),
    ("cast(time '12:34:56.5' as time(0))", "12:34:57.000", "time(0)"),
    ("cast(time '23:59:59.9' as time(0))", "00:00:00.000", "time(0)"),
    ("cast('12:34:56.1234567' as time(6))", "12:34:56.123457", "time(6)"),
    ("array[time '10:00:00', time '11:00:00.5']", "[10:00:00.0, 11:00:00.5]", "array(time(1))"),
    ("from_unixtime(-0.0005e0)", "1970-01-01 00:00:00.000 UTC", "timestamp(3) with time zone"),
    ("millisecond(current_timestamp(0))", "0", "bigint"),
    ("timestamp '2020-01-01 10:00:00' + interval '0.5' second", "2020-01-01 10:00:00.500", "timestamp(3)"),
]

# Paris sets its clocks back at 01:00 UTC on 27 October 2024.
PARIS = "timestamp '2024-10-26 12:00:00 Europe/Paris'"
ZONES = [
    # https://github.com/trinodb/trino/issues/23200: a day in an interval is 24 hours
    (
        "timestamp '2024-11-02 11:00:00 America/New_York' + interval '1' day",
        "2024-11-03 10:00:00.000 America/New_York",
        "timestamp(3) with time zone",
    ),
    (f"date_add('hour', 24, {PARIS})", "2024-10-27 11:00:00.000 Europe/Paris", "timestamp(0) with time zone"),
    (f"date_add('day', 1, {PARIS})", "2024-10-27 12:00:00.000 Europe/Paris", "timestamp(0) with time zone"),
    (f"date_diff('hour', {PARIS}, timestamp '2024-10-27 12:00:00 Europe/Paris')", "25", "bigint"),
    (f"date_diff('day', {PARIS}, timestamp '2024-10-27 12:00:00 Europe/Paris')", "1", "bigint"),
    (f"timestamp '2024-10-27 12:00:00 Europe/Paris' - {PARIS}", "1 01:00:00.000", "interval day to second"),
    (
        (
            "date_diff('minute', timestamp '2024-10-27 00:30:00 UTC' at time zone 'Europe/Paris', "
            "timestamp '2024-10-27 01:15:00 UTC' at time zone 'Europe/Paris')"
        ),
        "45",
        "bigint",
    ),
    (
        (
            "to_unixtime(date_trunc('hour', timestamp '2024-10-27 01:30:00 UTC' at time zone 'Europe/Paris')) - "
            "to_unixtime(date_trunc('hour', timestamp '2024-10-27 00:30:00 UTC' at time zone 'Europe/Paris'))"
        ),
        "3600.0",
        "double",
    ),
    ("timestamp '2024-10-27 02:30:00 Europe/Paris' = timestamp '2024-10-27 00:30:00 UTC'", "true", "boolean"),
    (
        "timestamp '2020-05-01 12:34:56 +07:09'",
        "2020-05-01 12:34:56.000 +07:09",
        "timestamp(0) with time zone",
    ),
    (
        "timestamp '2020-05-01 12:34:56 Z' at time zone '-03:30'",
        "2020-05-01 09:04:56.000 -03:30",
        "timestamp(0) with time zone",
    ),
    (
        "with_timezone(timestamp '2020-05-01 12:34:56', '+07:09') = timestamp '2020-05-01 05:25:56 UTC'",
        "true",
        "boolean",
    ),
    (
        "timestamp '2020-05-01 12:34:56 Etc/GMT+5'",
        "2020-05-01 12:34:56.000 -05:00",
        "timestamp(0) with time zone",
    ),
    ("timestamp '2020-05-01 12:34:56 +04:44' <> timestamp '2020-05-01 12:34:56 Asia/Kathmandu'", "true", "boolean"),
    ("array[timestamp '2020-05-01 12:00:00 +02:00'] = array[timestamp '2020-05-01 10:00:00 UTC']", "true", "boolean"),
    ("timestamp '2020-05-01 12:00:00 +02:00' in (timestamp '2020-05-01 10:00:00 UTC')", "true", "boolean"),
    ("try_cast('x' as timestamp with time zone)", None, "timestamp(3) with time zone"),
]

CASTS = [
    ("cast(timestamp '2020-05-01 12:34:56.789' as time(0))", "12:34:57.000", "time(0)"),
    ("cast(timestamp '2020-05-01 12:34:56 +07:09' as time)", "12:34:56.000", "time(3)"),
    ("cast(cast(time '12:34:56' as timestamp) as time)", "12:34:56.000", "time(3)"),
    ("cast(cast(time '12:34:56' as timestamp) as date) = current_date", "true", "boolean"),
    ("hour(cast(time '12:34:56' as timestamp with time zone))", "12", "bigint"),
]

INTERVALS = [
    ("interval '1 2' day to hour", "1 02:00:00.000", "interval day to second"),
    ("interval '1 02:03:04.5' day to second", "1 02:03:04.500", "interval day to second"),
    ("interval '10:20' hour to minute", "0 10:20:00.000", "interval day to second"),
    ("interval '-1-2' year to month", "-1-2", "interval year to month"),
    ("interval -'1' day", "-1 00:00:00.000", "interval day to second"),
    ("date '2026-01-01' + interval '48' hour", "2026-01-03", "date"),
]

FORMATS = [
    (
        "format_datetime(timestamp '2020-05-01 12:34:56 Asia/Kathmandu', 'Z ZZ ZZZ')",
        "+0545 +05:45 Asia/Kathmandu",
        "varchar",
    ),
    ("format_datetime(timestamp '2020-05-01 12:34:56 -03:30', 'HH Z')", "12 -0330", "varchar"),
    ("format_datetime(timestamp '2020-05-01 12:34:56 UTC', 'Z z')", "+0000 UTC", "varchar"),
    ("to_iso8601(timestamp '2020-05-01 12:34:56.123456')", "2020-05-01T12:34:56.123456", "varchar"),
    ("to_iso8601(timestamp '2020-05-01 12:34:56')", "2020-05-01T12:34:56", "varchar"),
    ("to_iso8601(timestamp '2020-05-01 12:34:56.123 Asia/Kathmandu')", "2020-05-01T12:34:56.123+05:45", "varchar"),
    ("to_iso8601(timestamp '2020-05-01 12:34:56.123 UTC')", "2020-05-01T12:34:56.123Z", "varchar"),
    ("date_format(timestamp '2020-05-01 12:34:56.111222', '%f')", "111000", "varchar"),
    ("date_parse('12:34:56.111222', '%H:%i:%s.%f')", "1970-01-01 12:34:56.111", "timestamp(3)"),
    ("date_parse('29.2', '%d.%m')", "2000-02-29 00:00:00.000", "timestamp(3)"),
    ("cast(timestamp '2020-05-01 12:34:56.12345' as varchar)", "2020-05-01 12:34:56.12345", "varchar"),
]


@pytest.mark.parametrize(
    ("expression", "value", "kind"),
    [*ROUNDING, *ZONES, *CASTS, *INTERVALS, *FORMATS],
    ids=lambda part: str(part),
)
def test_a_time_has_trinos_value_and_type(evaluate: Evaluate, expression: str, value: str, kind: str) -> None:
    assert evaluate(f"SELECT {expression}") == ([(value,)], [kind])


REFUSED = [
    ("timestamp '2020-05-01 12:34:56.123456789'", "NOT_SUPPORTED: .*timestamp.9. is not in the emulator's engine"),
    ("time '12:34:56.1234567'", "NOT_SUPPORTED: .*time.7. is not in the emulator's engine"),
    ("cast(array['x'] as array(timestamp(9)))", "NOT_SUPPORTED: .*timestamp.9. is not in the emulator's engine"),
    ("time '12:34:56+05:00'", "NOT_SUPPORTED: .*with time zone is not in the emulator's engine"),
    ("cast('12:34' as time with time zone)", "NOT_SUPPORTED: .*with time zone is not in the emulator's engine"),
    ("current_timestamp(9)", "NOT_SUPPORTED: .*is not in the emulator's engine"),
    (
        "array[timestamp '2020-05-01 12:00:00 +02:00', timestamp '2020-05-01 10:00:00 UTC']",
        "NOT_SUPPORTED: timestamps of several time zones",
    ),
    ("timestamp '2020-05-01 12:34:56' at time zone 'Foo/Bar'", "INVALID_FUNCTION_ARGUMENT: 'Foo/Bar' is not a valid"),
    ("timestamp '2020-05-01 12:34:56' at time zone '+15:00'", "INVALID_FUNCTION_ARGUMENT: .*'.15:00'"),
    (
        "date '2026-01-01' + interval '36' hour",
        "INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date",
    ),
    ("date '2026-01-01' - interval '1' minute", "INVALID_FUNCTION_ARGUMENT: Cannot subtract hour, minutes or seconds"),
    ("interval '1-2' day to hour", "INVALID_LITERAL: .*'1-2' is not a valid INTERVAL DAY TO HOUR literal"),
    ("cast(date '2020-05-01' as time)", "TYPE_MISMATCH: .*Cannot cast date to time"),
    (
        "format_datetime(timestamp '2020-05-01 12:34:56 Europe/Paris', 'z')",
        "NOT_SUPPORTED: .*name of a zone .'z'. is not in the emulator's engine",
    ),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED, ids=lambda part: str(part))
def test_a_time_that_cannot_be_right_is_refused_by_name(evaluate: Evaluate, expression: str, message: str) -> None:
    with pytest.raises(AthenaError, match=message):
        evaluate(f"SELECT {expression}")


EPOCH = datetime(1970, 1, 1)
MICROSECONDS = st.integers(
    min_value=(datetime(1000, 1, 1) - EPOCH) // timedelta(microseconds=1),
    max_value=(datetime(9998, 1, 1) - EPOCH) // timedelta(microseconds=1),
)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    instants=st.lists(MICROSECONDS | st.integers(min_value=-2_000_000, max_value=2_000_000), min_size=1, max_size=30)
)
def test_rounding_is_that_of_exact_integers_before_and_after_1970(evaluate: Evaluate, instants: list[int]) -> None:
    texts = [str((EPOCH + timedelta(microseconds=instant)).isoformat(" ", "microseconds")) for instant in instants]
    for suffix, zone in (("", ""), (" UTC", " with time zone")):
        rows = ", ".join(f"({i}, timestamp '{text}{suffix}')" for i, text in enumerate(texts))
        casts = ", ".join(f"cast(t as timestamp({digits}){zone})" for digits in range(7))
        values, _ = evaluate(f"SELECT {casts} FROM (VALUES {rows}) AS v (i, t) ORDER BY i")
        expected = [tuple(_rounded(instant, digits) + suffix for digits in range(7)) for instant in instants]
        assert values == expected


def _rounded(instant: int, digits: int) -> str:
    """Return the text of an instant in microseconds, rounded half up to these digits of a second."""
    unit: int = 10 ** (6 - digits)
    rounded = (2 * instant + unit) // (2 * unit) * unit
    text = (EPOCH + timedelta(microseconds=rounded)).isoformat(" ", "microseconds")
    return text[: len(text) - 6 + max(digits, 3)]


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    picoseconds=st.integers(min_value=0, max_value=10**12 - 1),
    written=st.integers(min_value=1, max_value=12),
    digits=st.integers(min_value=0, max_value=6),
    second=st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
)
def test_a_text_is_rounded_from_all_of_its_digits(
    evaluate: Evaluate, picoseconds: int, written: int, digits: int, second: datetime
) -> None:
    fraction = str(picoseconds).rjust(12, "0")[:written]
    unit = 10 ** (12 - digits)
    rounded = (2 * int(fraction.ljust(12, "0")) + unit) // (2 * unit) * unit
    text = (second + timedelta(microseconds=rounded // 10**6)).replace(tzinfo=None).isoformat(" ", "microseconds")
    source = second.replace(tzinfo=None).isoformat(" ")
    values, _ = evaluate(f"SELECT cast('{source}.{fraction}' as timestamp({digits}))")
    assert values == [(text[: len(text) - 6 + max(digits, 3)],)]
