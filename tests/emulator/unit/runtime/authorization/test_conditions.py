"""Condition operators: tables from IAM's user guide, "Condition operators" and "Conditions with multiple values"."""

from typing import Any

import pytest

from emulator.runtime.authorization.conditions import is_operator, met

CASES = [
    # operator, expected, value of the key, whether it is met
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", ["a"], "A", False),
    ("StringEquals", ["a*"], "ab", False),
    ("StringEquals", ["a"], None, False),
    ("StringEqualsIfExists", ["a"], None, True),
    ("StringEqualsIfExists", ["a"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a"], None, True),
    ("StringEqualsIgnoreCase", ["AbC"], "aBc", True),
    ("StringNotEqualsIgnoreCase", ["AbC"], "aBc", False),
    ("StringLike", ["raw/*"], "raw/orders/1", True),
    ("StringLike", ["raw/?"], "raw/12", False),
    ("StringLike", [""], "", True),
    ("StringNotLike", ["raw/*"], "stage/1", True),
    ("NumericLessThan", ["1.2"], "1.1", True),
    ("NumericLessThan", ["1.2"], "1.3", False),
    ("NumericLessThan", ["1.2"], None, False),
    ("NumericLessThanIfExists", ["1.2"], None, True),
    ("NumericGreaterThanEquals", ["10"], "10", True),
    ("NumericEquals", ["1"], "one", False),
    ("NumericNotEquals", ["1"], "2", True),
    ("DateGreaterThan", ["2026-01-01T00:00:00Z"], "2026-01-02T00:00:00Z", True),
    ("DateLessThan", ["2026-01-01T00:00:00Z"], "1767225600", False),
    ("Bool", ["true"], "true", True),
    ("Bool", ["false"], "true", False),
    ("Bool", ["false"], None, False),
    ("BoolIfExists", ["true"], None, True),
    ("IpAddress", ["10.0.0.0/8"], "10.1.2.3", True),
    ("NotIpAddress", ["10.0.0.0/8"], "10.1.2.3", False),
    ("IpAddress", ["10.0.0.0/8"], "::1", False),
    ("ArnLike", ["arn:aws:s3:::*-audit"], "arn:aws:s3:::x-audit", True),
    ("ArnEquals", ["arn:aws:glue:*:123456789012:job/*"], "arn:aws:glue:eu-central-1:123456789012:job/a", True),
    ("ArnLike", ["arn:aws:sns:*:topic"], "arn:aws:sns:eu-central-1:123456789012:topic", False),
    ("ArnNotEquals", ["arn:aws:iam::1:role/a"], "arn:aws:iam::1:role/b", True),
    ("ArnNotLike", ["arn:aws:iam::1:role/*"], "arn:aws:iam::1:role/b", False),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ5", True),
    ("Null", ["true"], None, True),
    ("Null", ["false"], None, False),
    ("Null", ["false"], "x", True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a"], None, True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c", "a"], True),
    ("ForAnyValue:StringEquals", ["a"], None, False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAllValues:StringNotLike", ["a*"], ["b", "ab"], False),
]


@pytest.mark.parametrize(("operator", "expected", "value", "is_met"), CASES)
def test_an_operator(operator: str, expected: list[str], value: Any, is_met: bool) -> None:
    keys = {} if value is None else {"key": value}
    assert met({operator: {"key": expected}}, keys) is is_met
    assert is_operator(operator)


def test_all_operators_and_keys_must_hold() -> None:
    conditions = {"StringEquals": {"a": ["1"], "b": ["2"]}, "Bool": {"c": ["true"]}}
    assert met(conditions, {"a": "1", "b": "2", "c": "true"})
    assert not met(conditions, {"a": "1", "b": "2", "c": "false"})
    assert not met(conditions, {"a": "1", "c": "true"})


@pytest.mark.parametrize(
    ("expected", "value", "is_met"),
    [
        ("${aws:username}/*", "ann/file", True),
        ("${aws:username}/*", "bob/file", False),
        ("${aws:principaltag/team, 'none'}", "none", True),
        ("${aws:principaltag/team}", "none", False),
        ("a${*}b", "a*b", True),
        ("a${*}b", "axb", False),
    ],
)
def test_a_policy_variable_has_the_value_of_its_key(expected: str, value: str, is_met: bool) -> None:
    assert met({"StringLike": {"s3:prefix": [expected]}}, {"s3:prefix": value, "aws:username": "ann"}) is is_met


@pytest.mark.parametrize("name", ["StringMatches", "ForSomeValues:StringEquals", "NullIfExists", ""])
def test_another_operator_is_none(name: str) -> None:
    assert not is_operator(name)
