"""Cursors: growing values of a column, as the API writes them, with an order to compare them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lakehouse.contracts.types import Kind, Type

FUTURE = timedelta(days=1)
"""A date or time further in the future is an error of the source; as a cursor it would hide all earlier records."""


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a number")
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
"""How a cursor of each kind is compared; texts as they are, which is correct for ULIDs."""


def order(value: object, type_: Type, *, now: datetime) -> Any:
    """Return the value by which a cursor is compared with others of its column; None if it cannot be a cursor.

    Args:
        value: value as JSON has it.
        type_: type of the column.
        now: the current time; dates and times more than a day later are not cursors.
    """
    if value is None or isinstance(value, bool | list | dict):
        return None
    try:
        ordered = ORDERED[type_.kind](str(value))
    except (ValueError, InvalidOperation):
        return None
    latest = now + FUTURE
    if (type_.kind is Kind.DATE and ordered > latest.date()) or (type_.kind is Kind.TIMESTAMP and ordered > latest):
        return None
    return ordered
