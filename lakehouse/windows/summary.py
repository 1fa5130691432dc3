"""Summaries of events: their number and their measures, which can be added up in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from functools import reduce
from typing import Any

from lakehouse.windows.model import Function

Value = int | Decimal | date | str | bool | None
"""A value of a measure or of a column in `by`; None is SQL's null."""

_EXACT = Context(prec=76)
"""Digits for sums; Python's default of 28 would round a decimal of 38."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of some events.

    Attributes:
        events: their number.
        measures: their measures, in the order of the contract.
    """

    events: int
    measures: tuple[Value, ...]


def empty(functions: Sequence[Function]) -> Summary:
    """Return the summary of no event: counts are 0, other measures null, as in SQL."""
    return Summary(0, tuple(0 if function is Function.COUNT else None for function in functions))


def add(summaries: Iterable[Summary], functions: Sequence[Function]) -> Summary:
    """Return the summary of all events of some summaries."""
    return reduce(
        lambda one, other: Summary(
            one.events + other.events, tuple(map(_add, functions, one.measures, other.measures))
        ),
        summaries,
        empty(functions),
    )


def _add(function: Function, one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    if function is Function.MIN:
        return min(one, other)
    if function is Function.MAX:
        return max(one, other)
    return _EXACT.add(one, other) if isinstance(one, Decimal) else one + other
