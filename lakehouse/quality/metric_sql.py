"""Library metrics of ODCS as SQL of Spark that holds neither double quotes nor backslashes."""

import re
from collections.abc import Iterable

from lakehouse.contracts.model import Contract, QualityRule

_NAMED = r"[\\\"' \t\n\r\f\v]"
"""Of ASCII alone: Spark's `char` knows no number above 255."""


def metric(rule: QualityRule, contract: Contract) -> str:
    """How many rows or values a metric counts, as an aggregate.

    Args:
        rule: has a `metric`.
        contract: the dataset.
    """
    if rule.metric == "rowCount":
        return "count(*)"
    if rule.metric == "duplicateValues":
        names = [f"`{name}`" for name in ([rule.column] if rule.column else rule.properties)]
        complete = " AND ".join(f"{name} IS NOT NULL" for name in names)
        # A group with a null is counted by neither.
        return f"({_count(complete)} - count(DISTINCT {', '.join(names)}))"
    value = f"`{rule.column}`"
    if rule.metric == "nullValues":
        return _count(f"{value} IS NULL")
    listed = _is_one_of(value, rule, contract)
    if rule.metric == "missingValues":
        return _count(f"{listed} OR {value} IS NULL" if None in rule.values else listed)
    valid = [listed] if rule.values else []
    if rule.pattern is not None:
        valid.append(f"CAST({value} AS string) RLIKE {_literal(rule.pattern)}")
    return _count(f"{value} IS NOT NULL AND NOT ({' AND '.join(valid)})")


def _is_one_of(value: str, rule: QualityRule, contract: Contract) -> str:
    assert rule.column is not None
    type_ = contract.column(rule.column).type.spark
    listed = ", ".join(f"try_cast({_literal(text)} AS {type_})" for text in rule.values if text is not None)
    # What is no value of the column's type is null, with which nothing compares.
    return f"coalesce({value} IN ({listed}), false)" if listed else "false"


def _count(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _literal(text: str) -> str:
    """A text as an SQL literal; characters that some quoting would have to escape are named by their number."""
    if not re.search(_NAMED, text):
        return f"'{text}'"
    return f"concat({', '.join(_parts(text))})"


def _parts(text: str) -> Iterable[str]:
    for part in filter(None, re.split(f"({_NAMED})", text)):
        yield f"char({ord(part)})" if re.fullmatch(_NAMED, part) else f"'{part}'"
