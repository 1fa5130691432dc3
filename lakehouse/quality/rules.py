"""Rules that every dataset has beside those of its contract, with names that begin with `_`."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from lakehouse.contracts.model import Contract, QualityRule, Severity

OF_A_RECORD = ("nullValues", "missingValues", "invalidValues")
"""Metrics that a part of a dataset answers as well as the whole does."""

VOLUME = "_volume"
VOLUME_FACTOR = 10


def accepted(*, may_be_empty: bool) -> QualityRule:
    """Of a batch at least one record is accepted, unless it may be empty."""
    operator = "mustBeGreaterOrEqualTo" if may_be_empty else "mustBeGreaterThan"
    return QualityRule(
        name="_accepted", column=None, metric="rowCount", query=None, operator=operator, thresholds=(Decimal(0),)
    )


def volume(before: Sequence[int]) -> QualityRule:
    """A batch is about as large as those before it.

    Args:
        before: accepted records of each.
    """
    usual = Decimal(median(before)) if before else Decimal(0)
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
    """The newest row is no older, in minutes, than the contract promises; None where it promises nothing."""
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
