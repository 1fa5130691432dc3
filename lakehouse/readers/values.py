"""Parse the text of one value: the definition of what each type accepts, which faster paths must agree with.

A value is accepted only if the type can hold it unchanged. Nothing is rounded, cut or guessed: `17850.0` is an
integer, `17850.5` is not; `1.50` fits decimal(10,1), `1.55` does not; a time finer than microseconds is rejected.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from math import isinf
from typing import Any

import numpy as np

from lakehouse.contracts.types import Kind, Type
from lakehouse.readers import time_formats
from lakehouse.readers.json_text import Nested, load, render

LONGEST_NUMBER = 1000
"""Characters of a number; no type could hold a longer one, and parsing it would cost too much."""

SHOWN = 60
"""Characters of a value that messages show."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_EXACT = Context(prec=LONGEST_NUMBER, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_BITS = {Kind.INT: 31, Kind.LONG: 63}
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_MIDNIGHT = re.compile(_DATE + r"(?:[Tt ]00:00(?::00(?:\.0+)?)?(?: ?(?:[Zz]|UTC|[+-]00(?::?00)?))?)?")
_TIMESTAMP = re.compile(
    _DATE + r"(?:[Tt ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?)?"
    r"(?: ?(?:([Zz]|UTC)|([+-])([0-9]{2})(?::?([0-9]{2}))?))?)?"
)


class RejectedError(Exception):
    """A value that its type does not accept; the message is the reason that the rejected record gets."""


def show(text: str) -> str:
    """Return a text for a message, shortened and in quotes."""
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}...' ({len(text)} characters)"


def parse(text: str, type_: Type, *, time_format: str | None = None) -> Any:
    """Return the value of a text, in the Python type that pyarrow takes for the column's type.

    Args:
        text: text that the source sent.
        type_: type of the column.
        time_format: Java format of dates and times, also of times of day that are stored as text; None is ISO 8601.

    Returns:
        The value; None for blank text, except in a string.

    Raises:
        RejectedError: the text is not a value of the type.
    """
    if type_.kind is Kind.STRING and time_format is None:
        return text
    text = text.strip()
    if not text:
        return None
    if type_.kind is Kind.STRING:
        return _formatted(text, "time", str(time_format)).time().isoformat()
    if type_.kind in (Kind.LIST, Kind.STRUCT):
        try:
            return _nested(load(text), type_)
        except ValueError as error:
            raise RejectedError(f"expected {type_} as JSON, found {show(text)}: {error}") from None
    return _SCALARS[type_.kind](text, type_, time_format)


def _number(text: str, expected: str) -> Decimal:
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise RejectedError(f"expected {expected}, found {show(text)}")
    # Without trailing zeros, the exponent gives the number of digits after the point.
    return _EXACT.normalize(Decimal(text))


def _digits_after_point(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _integer(text: str, type_: Type, _: str | None) -> int:
    number = _number(text, "integer")
    if _digits_after_point(number):
        raise RejectedError(f"expected integer, found {show(text)}")
    bits = _BITS[type_.kind]
    if number.adjusted() > bits or not -(2**bits) <= int(number) < 2**bits:
        raise RejectedError(f"outside the range of {type_.spark}, found {show(text)}")
    return int(number)


def _decimal(text: str, type_: Type, _: str | None) -> Decimal:
    number = _number(text, "number")
    if _digits_after_point(number) > type_.scale:
        raise RejectedError(f"more than {type_.scale} digits after the decimal point, found {show(text)}")
    if number and number.adjusted() + 1 > type_.precision - type_.scale:
        raise RejectedError(f"outside the range of {type_}, found {show(text)}")
    return number


def _float(text: str, type_: Type, _: str | None) -> float:
    _number(text, "number")
    with np.errstate(over="ignore"):
        value = float(np.float32(text)) if type_.kind is Kind.FLOAT else float(text)
    if isinf(value):
        raise RejectedError(f"outside the range of {type_}, found {show(text)}")
    return value


def _boolean(text: str, _type: Type, _: str | None) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise RejectedError(f"expected boolean, found {show(text)}") from None


def _date(text: str, _type: Type, time_format: str | None) -> date:
    if time_format:
        at = _formatted(text, "date", time_format)
        if at.time() != datetime.min.time() or at.utcoffset():
            raise RejectedError(f"expected date without a time of day or an offset, found {show(text)}")
        return at.date()
    match = _MIDNIGHT.fullmatch(text)
    try:
        return date(*map(int, match.groups()))  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        raise RejectedError(f"expected date, found {show(text)}") from None


def _timestamp(text: str, _type: Type, time_format: str | None) -> datetime:
    if time_format:
        at = _formatted(text, "timestamp", time_format)
        return _in_utc(at if at.tzinfo else at.replace(tzinfo=UTC), text)
    match = _TIMESTAMP.fullmatch(text)
    if not match:
        raise RejectedError(f"expected timestamp, found {show(text)}")
    year, month, day, hour, minute, second, fraction, _utc, sign, *offset = match.groups(default="0")
    if fraction[6:].strip("0"):
        raise RejectedError(f"timestamp finer than microseconds, found {show(text)}")
    microsecond = int(fraction[:6].ljust(6, "0"))
    try:
        east = timedelta(hours=int(offset[0]), minutes=int(offset[1]))
        zone = timezone(-east if sign == "-" else east)
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), microsecond, zone)
    except ValueError:
        raise RejectedError(f"expected timestamp, found {show(text)}") from None
    return _in_utc(at, text)


def _formatted(text: str, expected: str, time_format: str) -> datetime:
    try:
        return time_formats.read(text, time_format)
    except time_formats.TooFineError:
        raise RejectedError(f"{expected} finer than microseconds, found {show(text)}") from None
    except ValueError:
        raise RejectedError(f"expected {expected} in format {time_format}, found {show(text)}") from None


def _in_utc(at: datetime, text: str) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise RejectedError(f"timestamp outside the years 1 to 9999 in UTC, found {show(text)}") from None


def _binary(text: str, _type: Type, _: str | None) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RejectedError(f"expected base64, found {show(text)}") from None


_SCALARS: dict[Kind, Callable[[str, Type, str | None], Any]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INT: _integer,
    Kind.LONG: _integer,
    Kind.FLOAT: _float,
    Kind.DOUBLE: _float,
    Kind.DECIMAL: _decimal,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.BINARY: _binary,
}


def _nested(value: Nested, type_: Type, path: str = "") -> Any:
    """Return a JSON value in a type; a message names the path of the value that is wrong."""
    if value is None:
        return None
    at = f"{path.removeprefix('.')}: " if path else ""
    if type_.element is not None:
        if not isinstance(value, list):
            raise RejectedError(f"{at}expected {type_}, found {show(render(value))}")
        return [_nested(inner, type_.element, f"{path}[{index}]") for index, inner in enumerate(value)]
    if type_.kind is Kind.STRUCT:
        if not isinstance(value, dict):
            raise RejectedError(f"{at}expected {type_}, found {show(render(value))}")
        return {name: _nested(value.get(name), field, f"{path}.{name}") for name, field in type_.fields}
    if isinstance(value, (list, dict)) and type_.kind is Kind.STRING:
        raise RejectedError(f"{at}expected string, found {show(render(value))}")
    try:
        return parse(render(value), type_)
    except RejectedError as error:
        raise RejectedError(f"{at}{error}") from None


def has_unknown_fields(value: Nested, type_: Type) -> bool:
    """Return whether a JSON value has fields that its type lacks, at any depth."""
    if isinstance(value, list) and type_.element is not None:
        return any(has_unknown_fields(inner, type_.element) for inner in value)
    if isinstance(value, dict):
        fields = dict(type_.fields)
        return any(name not in fields or has_unknown_fields(inner, fields[name]) for name, inner in value.items())
    return False
