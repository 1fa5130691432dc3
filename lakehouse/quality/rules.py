"""Built-in quality rules, which every dataset has in addition to those of its contract; their names begin with `_`."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from lakehouse.contracts.model import Contract, QualityRule, Severity

OF_A_RECORD = ("nullValues", "missingValues", "invalidValues")
"""Metrics that can be measured on a part of a dataset."""

CURRENT = "_current"
EQUALS_SOURCE = "_equals_source"
"""Names of the rules on what integration does not show of the source; `lakehouse status` reads their results."""

FRESHNESS = "_freshness_minutes"
VOLUME = "_volume"
VOLUME_FACTOR = 10
"""A batch may have so many times more, or fewer, records than usual."""


def accepted(*, may_be_empty: bool) -> QualityRule:
    """Return the rule that at least one record of a batch is accepted, unless the batch may be empty."""
    operator = "mustBeGreaterOrEqualTo" if may_be_empty else "mustBeGreaterThan"
    return _rule("_accepted", operator, Decimal(0), metric="rowCount", severity=Severity.ERROR)


def volume(history: Sequence[int]) -> QualityRule:
    """Return the rule that a batch is about as large as earlier batches.

    Args:
        history: number of accepted records of each earlier batch.
    """
    usual = Decimal(median(history)) if history else Decimal(0)
    return _rule(VOLUME, "mustBeBetween", usual / VOLUME_FACTOR, usual * VOLUME_FACTOR, metric="rowCount")


def current() -> QualityRule:
    """Return the rule that no row is older than in the source because its latest change was rejected."""
    return _rule(CURRENT, "mustBe", Decimal(0))


def equals_source() -> QualityRule:
    """Return the rule that no key differs from the source; `lakehouse reconcile` measures it."""
    return _rule(EQUALS_SOURCE, "mustBe", Decimal(0))


def cleansed(column: str, rule: str) -> QualityRule:
    """Return the rule that counts how often a step of cleansing changed a value of a batch; it always passes."""
    name = f"_cleansed_{column}_{rule}"
    return _rule(name, "mustBeGreaterOrEqualTo", Decimal(0), column=column, severity=Severity.INFO)


def freshness(contract: Contract) -> QualityRule | None:
    """Return the rule on the age of the newest row, in minutes; None if the contract promises no freshness."""
    if contract.freshness is None:
        return None
    minutes = Decimal(str(contract.freshness.total_seconds() / 60))
    return _rule(FRESHNESS, "mustBeLessOrEqualTo", minutes)


def _rule(
    name: str,
    operator: str,
    *thresholds: Decimal,
    column: str | None = None,
    metric: str | None = None,
    severity: Severity = Severity.WARNING,
) -> QualityRule:
    return QualityRule(
        name=name,
        column=column,
        metric=metric,
        query=None,
        operator=operator,
        thresholds=thresholds,
        severity=severity,
    )
