"""What a value's text means in a type, exactly: the one definition, which faster paths must agree with.

A value is accepted only if the type holds it as it stands. Nothing is rounded, cut or guessed: `17850.0` is an
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
from lakehouse.readers.json_text import Nested, load, render

LONGEST_NUMBER = 1000
"""Characters; a longer text is no number that a type could hold, and costs too much to find out."""

SHOWN = 60

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_EXACT = Context(prec=LONGEST_NUMBER, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_BITS = {Kind.INT: 31, Kind.LONG: 63}
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_MIDNIGHT = re.compile(_DATE + r"(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_TIMESTAMP = re.compile(
    _DATE + r"(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?)?"
    r"(?: ?(?:(Z|UTC)|([+-])([0-9]{2})(?::?([0-9]{2}))?))?)?"
)


class RejectedError(Exception):
    """A text is no value of a type; the message is the reason."""


def show(text: str) -> str:
    """Text for a message, short and in quotes."""
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}...' ({len(text)} characters)"


def parse(text: str, type_: Type, *, time_format: str | None = None) -> Any:
    """The value that a text stands for, as the Python type that pyarrow takes for the column's.

    Blank text is no value (None), except in a string.

    Args:
        text: what the source sent.
        type_: the column's type.
        time_format: strptime format of dates and timestamps; None is ISO 8601.

    Raises:
        RejectedError: the text is no value of the type.
    """
    if type_.kind is Kind.STRING:
        return text
    text = text.strip()
    if not text:
        return None
    if type_.kind in (Kind.LIST, Kind.STRUCT):
        try:
            return _nested(load(text), type_)
        except ValueError as error:
            raise RejectedError(f"expected {type_} as JSON, found {show(text)}: {error}") from None
    return _SCALARS[type_.kind](text, type_, time_format)


def _number(text: str, expected: str) -> Decimal:
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise RejectedError(f"expected {expected}, found {show(text)}")
    # Without the zeros at its end, the exponent says how many digits there are after the point.
    return _EXACT.normalize(Decimal(text))


def _digits_after_point(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _integer(text: str, type_: Type, _: str | None) -> int:
    number = _number(text, "integer")
    if _digits_after_point(number):
        raise RejectedError(f"expected integer, found {show(text)}")
    bits = _BITS[type_.kind]
    if number.adjusted() > bits or not -(2**bits) <= int(number) < 2**bits:
        raise RejectedError(f"number beyond {type_.spark}, found {show(text)}")
    return int(number)


def _decimal(text: str, type_: Type, _: str | None) -> Decimal:
    number = _number(text, "number")
    if _digits_after_point(number) > type_.scale:
        raise RejectedError(f"more than {type_.scale} digits after the point, found {show(text)}")
    if number and number.adjusted() + 1 > type_.precision - type_.scale:
        raise RejectedError(f"number beyond {type_}, found {show(text)}")
    return number


def _float(text: str, type_: Type, _: str | None) -> float:
    _number(text, "number")
    with np.errstate(over="ignore"):
        value = float(np.float32(text)) if type_.kind is Kind.FLOAT else float(text)
    if isinf(value):
        raise RejectedError(f"number beyond {type_}, found {show(text)}")
    return value


def _boolean(text: str, _type: Type, _: str | None) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise RejectedError(f"expected boolean, found {show(text)}") from None


def _date(text: str, _type: Type, time_format: str | None) -> date:
    if time_format:
        at = _formatted(text, "date", time_format)
        if at.time() != datetime.min.time():
            raise RejectedError(f"expected date, found a time of day in {show(text)}")
        return at.date()
    found = _MIDNIGHT.fullmatch(text)
    try:
        return date(*map(int, found.groups()))  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        raise RejectedError(f"expected date, found {show(text)}") from None


def _timestamp(text: str, _type: Type, time_format: str | None) -> datetime:
    if time_format:
        at = _formatted(text, "timestamp", time_format)
        return _in_utc(at if at.tzinfo else at.replace(tzinfo=UTC), text)
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        raise RejectedError(f"expected timestamp, found {show(text)}")
    year, month, day, hour, minute, second, fraction, _utc, sign, *offset = found.groups(default="0")
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
        return datetime.strptime(text, time_format)
    except ValueError:
        raise RejectedError(f"expected {expected} as {time_format}, found {show(text)}") from None


def _in_utc(at: datetime, text: str) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise RejectedError(f"timestamp beyond the years 1 to 9999 in UTC, found {show(text)}") from None


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
    """A value out of JSON in a type; messages name the path to what is wrong."""
    if value is None:
        return None
    at = f"{path.removeprefix('.')}: " if path else ""
    if type_.element is not None:
        if not isinstance(value, list):
            raise RejectedError(f"{at}expected {type_}, found {show(render(value))}")
        return [_nested(item, type_.element, f"{path}[{index}]") for index, item in enumerate(value)]
    if type_.kind is Kind.STRUCT:
        if not isinstance(value, dict):
            raise RejectedError(f"{at}expected {type_}, found {show(render(value))}")
        return {name: _nested(value.get(name), inner, f"{path}.{name}") for name, inner in type_.fields}
    if isinstance(value, (list, dict)) and type_.kind is Kind.STRING:
        raise RejectedError(f"{at}expected string, found {show(render(value))}")
    try:
        return parse(render(value), type_)
    except RejectedError as error:
        raise RejectedError(f"{at}{error}") from None


def has_unknown_fields(value: Nested, type_: Type) -> bool:
    """Whether a value out of JSON has fields that the type lacks, at any depth."""
    if isinstance(value, list) and type_.element is not None:
        return any(has_unknown_fields(item, type_.element) for item in value)
    if isinstance(value, dict):
        known = dict(type_.fields)
        return any(name not in known or has_unknown_fields(item, known[name]) for name, item in value.items())
    return False
