"""Write library metrics of ODCS as Spark SQL without double quotes and backslashes, which DQDL could not contain."""

import re
from collections.abc import Iterable

from lakehouse.contracts.model import Contract, QualityRule

_NAMED = r"[\\\"' \t\n\r\f\v]"
"""Characters that are written by number. ASCII only, because Spark's `char` has no number above 255."""


def metric(rule: QualityRule, contract: Contract) -> str:
    """Return the aggregate that counts the rows or values of a metric.

    Args:
        rule: a rule with a `metric`.
        contract: the dataset.
    """
    if rule.metric == "rowCount":
        return "count(*)"
    if rule.metric == "duplicateValues":
        names = [f"`{name}`" for name in ([rule.column] if rule.column else rule.properties)]
        complete = " AND ".join(f"{name} IS NOT NULL" for name in names)
        # Neither count includes a group with a null.
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
    # A text that is not a value of the column's type becomes null, which is equal to nothing.
    return f"coalesce({value} IN ({listed}), false)" if listed else "false"


def _count(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _literal(text: str) -> str:
    """Return a text as an SQL literal; characters that need escaping are written by their number."""
    if not re.search(_NAMED, text):
        return f"'{text}'"
    return f"concat({', '.join(_parts(text))})"


def _parts(text: str) -> Iterable[str]:
    for part in filter(None, re.split(f"({_NAMED})", text)):
        yield f"char({ord(part)})" if re.fullmatch(_NAMED, part) else f"'{part}'"
