"""Built-in quality rules, which every dataset has in addition to those of its contract; their names begin with `_`."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from lakehouse.contracts.model import Contract, QualityRule, Severity

OF_A_RECORD = ("nullValues", "missingValues", "invalidValues")
"""Metrics that can be measured on a part of a dataset."""

VOLUME = "_volume"
VOLUME_FACTOR = 10
"""A batch may have so many times more, or fewer, records than usual."""


def accepted(*, may_be_empty: bool) -> QualityRule:
    """Return the rule that at least one record of a batch is accepted, unless the batch may be empty."""
    operator = "mustBeGreaterOrEqualTo" if may_be_empty else "mustBeGreaterThan"
    return QualityRule(
        name="_accepted", column=None, metric="rowCount", query=None, operator=operator, thresholds=(Decimal(0),)
    )


def volume(history: Sequence[int]) -> QualityRule:
    """Return the rule that a batch is about as large as earlier batches.

    Args:
        history: number of accepted records of each earlier batch.
    """
    usual = Decimal(median(history)) if history else Decimal(0)
    return QualityRule(
        name=VOLUME,
        column=None,
        metric="rowCount",
        query=None,
        operator="mustBeBetween",
        thresholds=(usual / VOLUME_FACTOR, usual * VOLUME_FACTOR),
        severity=Severity.WARNING,
    )


def freshness(contract: Contract) -> QualityRule | None:
    """Return the rule on the age of the newest row, in minutes; None if the contract promises no freshness."""
    if contract.freshness is None:
        return None
    return QualityRule(
        name="_freshness_minutes",
        column=None,
        metric=None,
        query=None,
        operator="mustBeLessOrEqualTo",
        thresholds=(Decimal(str(contract.freshness.total_seconds() / 60)),),
        severity=Severity.WARNING,
    )
