"""Classifications: how confidential a column is. A role that may read one level may read all lower levels."""

from collections.abc import Iterable
from enum import StrEnum


class Classification(StrEnum):
    """A level of confidentiality, the lowest first; values of ODCS `classification`."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """Number of the level, from 0."""
        return list(Classification).index(self)

    @property
    def and_below(self) -> tuple["Classification", ...]:
        """The levels up to this one."""
        return tuple(Classification)[: self.rank + 1]


UNCLASSIFIED = Classification.RESTRICTED
"""A column without a classification is hidden until it gets one."""


def highest(classifications: Iterable[Classification]) -> Classification:
    """Return the most confidential classification; `public` if there is none."""
    return max(classifications, key=lambda classification: classification.rank, default=Classification.PUBLIC)
