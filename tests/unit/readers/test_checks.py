"""Rules of a column: each finds the values that break it, has a text, and lets nulls pass."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import DATE, DOUBLE, INT, LONG, STRING, TIMESTAMP, Type, decimal, list_of
from lakehouse.readers.checks import broken_rules
from tests.support.contract_builders import column

MONEY = decimal(10, 2)


@pytest.mark.parametrize(
    ("type_", "options", "accepted", "rejected", "rule"),
    [
        (STRING, Options(min_length=2), "éé", "é", "shorter than 2"),
        (STRING, Options(max_length=2), "éé", "ééé", "longer than 2"),
        (list_of(INT), Options(max_length=1), [1], [1, 2], "longer than 1"),
        (STRING, Options(pattern="^C?[0-9]+$"), "C12", "A12", "does not match ^C?[0-9]+$"),
        (INT, Options(minimum=Decimal(0)), 0, -1, "below minimum 0"),
        (INT, Options(minimum=Decimal("0.5")), 1, 0, "below minimum 0.5"),
        (INT, Options(maximum=Decimal("-0.5")), -1, 0, "above maximum -0.5"),
        (LONG, Options(maximum=Decimal(2**62)), 2**62, 2**62 + 1, f"above maximum {2**62}"),
        (MONEY, Options(minimum=Decimal("0.005")), Decimal("0.01"), Decimal("0.00"), "below minimum 0.005"),
        (MONEY, Options(exclusive_minimum=Decimal(0)), Decimal("0.01"), Decimal(0), "not above 0"),
        (MONEY, Options(exclusive_maximum=Decimal("9.999")), Decimal("9.99"), Decimal(10), "not below 9.999"),
        (DOUBLE, Options(minimum=Decimal("0.1")), 0.1, 0.09, "below minimum 0.1"),
        (MONEY, Options(multiple_of=Decimal("0.05")), Decimal("0.15"), Decimal("0.16"), "not a multiple of 0.05"),
        (DATE, Options(minimum=date(2026, 1, 1)), date(2026, 1, 1), date(2025, 12, 31), "below minimum 2026-01-01"),
        (
            TIMESTAMP,
            Options(exclusive_maximum=datetime(2026, 1, 1, tzinfo=UTC)),
            datetime(2025, 12, 31, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=UTC),
            "not below 2026-01-01 00:00:00+00:00",
        ),
        (STRING, Options(format=Format.EMAIL), "a.b@example.com", "a.b@example", "not a valid email"),
        (STRING, Options(format=Format.UUID), "123e4567-e89b-12d3-a456-426614174000", "123e4567", "not a valid uuid"),
        (STRING, Options(format=Format.URI), "https://example.com/a", "example.com", "not a valid uri"),
        (STRING, Options(format=Format.HOSTNAME), "example.com", "-example.com", "not a valid hostname"),
        (STRING, Options(format=Format.IPV4), "10.0.255.1", "10.0.256.1", "not a valid ipv4"),
        (STRING, Options(format=Format.IPV6), "::1", "::g", "not a valid ipv6"),
        (STRING, Options(format=Format.JSON), '{"a": 1}', "{a: 1}", "not a valid json"),
        (STRING, Options(format=Format.TIME), "23:59:59.5", "24:00:00", "not a valid time"),
    ],
)
def test_rule(type_: Type, options: Options, accepted: Any, rejected: Any, rule: str) -> None:
    values = pa.array([accepted, rejected, None], type_.arrow)
    result = list(broken_rules(values, column("x", type_, options=options)))
    assert [(name, mask.to_pylist()) for name, mask in result] == [(rule, [False, True, False])]


def test_limits_are_compared_exactly_however_long_they_are() -> None:
    wide = decimal(38, 2)
    limit = Decimal("123456789012345678901234567890123456.785")
    below, above = (Decimal(f"123456789012345678901234567890123456.{cents}") for cents in (78, 79))
    values = pa.array([below, above], wide.arrow)
    for options in (Options(minimum=limit), Options(exclusive_minimum=limit)):
        ((_, mask),) = broken_rules(values, column("x", wide, options=options))
        assert mask.to_pylist() == [True, False]
    assert not list(broken_rules(pa.array([5], pa.int32()), column("x", INT, options=Options(maximum=Decimal(2**40)))))


def test_an_enumeration_is_compared_as_values() -> None:
    ((rule, mask),) = broken_rules(
        pa.array([Decimal("1.50"), Decimal(2)], MONEY.arrow), column("x", MONEY, enum=("1.5", "3"))
    )
    assert (rule, mask.to_pylist()) == ("not one of 1.5, 3", [False, True])


@given(st.integers(-(2**31), 2**31 - 1), st.decimals(-(10**12), 10**12, places=3))
def test_every_limit_is_kept_exactly(value: int, limit: Decimal) -> None:
    values = pa.array([value], pa.int32())
    for options, breaks in (
        (Options(minimum=limit), value < limit),
        (Options(maximum=limit), value > limit),
        (Options(exclusive_minimum=limit), value <= limit),
        (Options(exclusive_maximum=limit), value >= limit),
    ):
        assert bool(list(broken_rules(values, column("x", INT, options=options)))) == breaks
