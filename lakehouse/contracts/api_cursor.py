"""Cursors: values of a column that grow, each as the API writes it and in an order that can be compared."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lakehouse.contracts.types import Kind, Type

FUTURE = timedelta(days=1)
"""A date or time further ahead of now is a violation of the source: as a cursor it would hide all that comes before it."""


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(f"{text!r} is no number")
    return value


def _time(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


ORDERED: dict[Kind, Callable[[str], Any]] = {
    Kind.INT: _number,
    Kind.LONG: _number,
    Kind.DECIMAL: _number,
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: _time,
    Kind.STRING: str,
}
"""How a cursor of each kind is compared; texts as they are, which is right for ULIDs and the like."""


def order(value: object, type_: Type, *, now: datetime) -> Any:
    """What a value is compared by with others of its column; None where it can't be a cursor.

    Args:
        value: as JSON has it.
        type_: of the column.
        now: dates and times more than a day later are none.
    """
    if value is None or isinstance(value, bool | list | dict):
        return None
    try:
        found = ORDERED[type_.kind](str(value))
    except (ValueError, InvalidOperation):
        return None
    latest = now + FUTURE
    if (type_.kind is Kind.DATE and found > latest.date()) or (type_.kind is Kind.TIMESTAMP and found > latest):
        return None
    return found
