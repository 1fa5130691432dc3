"""How confidential a column is: a ladder, and who may climb to a step sees all below it."""

from collections.abc import Iterable
from enum import StrEnum


class Classification(StrEnum):
    """A step of the ladder, the lowest first; the words of ODCS `classification`."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        return list(Classification).index(self)

    @property
    def and_below(self) -> tuple["Classification", ...]:
        """The steps up to this one."""
        return tuple(Classification)[: self.rank + 1]


UNCLASSIFIED = Classification.RESTRICTED
"""A column of which nobody says anything is hidden until somebody does."""


def highest(classifications: Iterable[Classification]) -> Classification:
    """The most confidential of them; `public` of none."""
    return max(classifications, key=lambda item: item.rank, default=Classification.PUBLIC)
