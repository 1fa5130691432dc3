"""Condition operators of IAM policies.

Source: AWS IAM user guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys
or values".
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from emulator.runtime.authorization.patterns import Lookup, matches

Keys = Mapping[str, Any]
"""Condition keys of a request in lower case, each with a text or a list of texts."""

Compare = Callable[[str, str, Lookup], bool]


def _number(compare: Callable[[float, float], bool]) -> Compare:
    def compared(value: str, expected: str, _: Lookup) -> bool:
        try:
            return compare(float(value), float(expected))
        except ValueError:
            return False

    return compared


def _date(compare: Callable[[datetime, datetime], bool]) -> Compare:
    def compared(value: str, expected: str, _: Lookup) -> bool:
        try:
            return compare(_moment(value), _moment(expected))
        except ValueError:
            return False

    return compared


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), tz=UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(value: str, expected: str, _: Lookup) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return False


def _arn(value: str, expected: str, lookup: Lookup) -> bool:
    """Compare ARNs part by part: a wildcard does not span the colons between the first six parts."""
    actual, pattern = value.split(":", 5), expected.split(":", 5)
    if len(pattern) < 6:
        return pattern == ["*"]
    return len(actual) == 6 and all(matches(a, p, lookup=lookup) for a, p in zip(actual, pattern, strict=True))


def _binary(value: str, expected: str, _: Lookup) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(expected, validate=True)
    except binascii.Error:
        return False


POSITIVE: dict[str, Compare] = {
    "stringequals": lambda value, expected, lookup: matches(value, expected, lookup=lookup, wildcards=False),
    "stringequalsignorecase": lambda value, expected, lookup: matches(
        value, expected, lookup=lookup, wildcards=False, ignore_case=True
    ),
    "stringlike": lambda value, expected, lookup: matches(value, expected, lookup=lookup),
    "numericequals": _number(lambda value, expected: value == expected),
    "numericlessthan": _number(lambda value, expected: value < expected),
    "numericlessthanequals": _number(lambda value, expected: value <= expected),
    "numericgreaterthan": _number(lambda value, expected: value > expected),
    "numericgreaterthanequals": _number(lambda value, expected: value >= expected),
    "dateequals": _date(lambda value, expected: value == expected),
    "datelessthan": _date(lambda value, expected: value < expected),
    "datelessthanequals": _date(lambda value, expected: value <= expected),
    "dategreaterthan": _date(lambda value, expected: value > expected),
    "dategreaterthanequals": _date(lambda value, expected: value >= expected),
    "bool": lambda value, expected, _: value.lower() == expected.lower(),
    "binaryequals": _binary,
    "ipaddress": _in_network,
    "arnequals": _arn,
    "arnlike": _arn,
}
NEGATIVE = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
"""For each negated operator: the operator whose match it excludes."""


def split(operator: str) -> tuple[str, str, bool]:
    """Return the set qualifier of an operator (`forallvalues`, `foranyvalue` or empty), its name, and IfExists.

    All are in lower case.
    """
    qualifier, _, name = operator.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    return qualifier, name.removesuffix("ifexists"), if_exists


def is_operator(operator: str) -> bool:
    """Return whether IAM has an operator of this name."""
    qualifier, name, if_exists = split(operator)
    if name == "null":
        return not qualifier and not if_exists
    return qualifier in ("", "forallvalues", "foranyvalue") and (name in POSITIVE or name in NEGATIVE)


def met(conditions: Mapping[str, Mapping[str, Sequence[str]]], keys: Keys) -> bool:
    """Return whether a request meets all conditions of a statement.

    Args:
        conditions: for each operator, the expected values of condition keys; the keys are in lower case.
        keys: condition keys of the request.
    """

    def lookup(name: str) -> str | None:
        value = keys.get(name.lower())
        return value if isinstance(value, str) else None

    return all(
        _meets(operator, keys.get(key), values, lookup)
        for operator, expected in conditions.items()
        for key, values in expected.items()
    )


def _meets(operator: str, value: Any, expected: Sequence[str], lookup: Lookup) -> bool:
    qualifier, name, if_exists = split(operator)
    values = [] if value is None else [value] if isinstance(value, str) else list(value)
    if name == "null":
        return any((not values) == (text.lower() == "true") for text in expected)
    negated = name in NEGATIVE
    compare = POSITIVE[NEGATIVE.get(name, name)]

    def holds(actual: str) -> bool:
        return any(compare(actual, text, lookup) for text in expected) != negated

    if not values:
        # An absent key meets ForAllValues, IfExists and, without a qualifier, a negated operator.
        return if_exists or qualifier == "forallvalues" or (negated and not qualifier)
    if qualifier == "foranyvalue":
        return any(holds(actual) for actual in values)
    return all(holds(actual) for actual in values)
