"""Patterns of text that Arrow converts in whole arrays, for each type.

Arrow's cast must read all text that matches a pattern as `values.parse` does. A pattern may leave out text that
`values.parse` accepts: text that matches no pattern goes there. A property test compares the two.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.time_format import parts
from lakehouse.contracts.types import DOUBLE, Kind, Type

Compute = Callable[[pa.Array], pa.Array]

_NAIVE = pa.timestamp("us")


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A pattern of text, and the conversion of texts that match it.

    Attributes:
        matches: returns the mask of texts that match; null for nulls.
        cast: returns the values of texts that all match.
    """

    matches: Compute
    cast: Compute


@cache
def text_patterns(type_: Type, time_format: str | None) -> tuple[TextPattern, ...]:
    """Return the patterns of a type, the most frequent first; none for types that are always read value by value."""
    match type_.kind:
        case Kind.INT:
            return _integers(type_, digits=9)
        case Kind.LONG:
            return _integers(type_, digits=18)
        case Kind.DECIMAL:
            return (TextPattern(_regex(_decimal_pattern(type_)), _to(type_)),)
        case Kind.FLOAT | Kind.DOUBLE:
            return (TextPattern(_regex(r"^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$"), _to(DOUBLE, type_)),)
        case Kind.DATE | Kind.TIMESTAMP:
            return _times(type_) if time_format is None else _formatted_times(type_, time_format)
    return ()


def in_range(values: pa.Array) -> pa.Array:
    """Return the values if Python and the engines can represent all of them.

    Raises:
        pa.ArrowInvalid: a number is not finite, which would spoil every sum, or a year is outside 1 to 9999.
    """
    if pa.types.is_floating(values.type) and pc.all(pc.is_finite(values)).as_py() is False:
        raise pa.ArrowInvalid("not finite")
    if pa.types.is_temporal(values.type):
        first, last = (
            pa.scalar(limit, type=values.type)
            for limit in (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999))
        )
        if pc.any(pc.or_(pc.less(values, first), pc.greater(values, last))).as_py():
            raise pa.ArrowInvalid("year outside 1 to 9999")
    return values


def strict_casts(type_: Type) -> tuple[Compute, ...]:
    """Return the casts of a type that need no pattern, because they fail unless they can read all texts exactly.

    Only Arrow's casts to times do: its integers may be hexadecimal, and its decimals with an exponent lose digits.
    """
    if type_.kind is Kind.DATE:
        return (_to(type_),)
    if type_.kind is Kind.TIMESTAMP:
        # A time without an offset is in UTC. Arrow reads times with and without offset, but not both in one array.
        return (_to(_NAIVE, type_), _to(type_))
    return ()


def _regex(pattern: str) -> Compute:
    return lambda texts: pc.match_substring_regex(texts, pattern)


def _to(*types: Type | pa.DataType) -> Compute:
    """Return a cast to the first type, from there to the second, and so on."""

    def cast(array: pa.Array) -> pa.Array:
        for type_ in types:
            array = pc.cast(array, type_.arrow if isinstance(type_, Type) else type_)
        return array

    return cast


def _integers(type_: Type, *, digits: int) -> tuple[TextPattern, ...]:
    def few_digits(texts: pa.Array) -> pa.Array:
        # Far cheaper than a regular expression, and most integers match.
        return pc.and_(pc.ascii_is_decimal(texts), pc.less_equal(pc.binary_length(texts), digits))

    signed = rf"^ *(?:\+?([0-9]{{1,{digits}}})|(-[0-9]{{1,{digits}}}))(?:\.0*)? *$"
    return (
        TextPattern(few_digits, _to(type_)),
        TextPattern(_regex(signed), lambda texts: _to(type_)(pc.replace_substring_regex(texts, signed, r"\1\2"))),
    )


def _decimal_pattern(type_: Type) -> str:
    whole = type_.precision - type_.scale
    before = rf"[0-9]{{1,{whole}}}" if whole else "0"
    after = rf"(?:\.[0-9]{{1,{type_.scale}}})?" if type_.scale else ""
    return f"^-?{before}{after}$"


# The days that exist in every year; 29 February is left to `values.parse`.
_DAY = r"[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"


def _times(type_: Type) -> tuple[TextPattern, ...]:
    if type_.kind is Kind.DATE:
        return (TextPattern(_regex(f"^{_DAY}$"), _to(type_)),)
    in_utc = f"^({_DAY}[T ]{_CLOCK}) ?(?:UTC|Z)$"
    return (
        TextPattern(_regex(f"^{_DAY}(?:[T ]{_CLOCK})?$"), _to(_NAIVE, type_)),
        TextPattern(_regex(f"^{_DAY}[T ]{_CLOCK}{_OFFSET}$"), _to(type_)),
        TextPattern(_regex(in_utc), lambda texts: _to(type_)(pc.replace_substring_regex(texts, in_utc, r"\1Z"))),
    )


_FIXED = ("yyyy", "MM", "dd", "HH", "mm", "ss")


def _formatted_times(type_: Type, time_format: str) -> tuple[TextPattern, ...]:
    """Return a pattern that rewrites times of a format to ISO 8601.

    Only for formats that have year, month and day, or these and hour, minute and perhaps second, all of fixed width.
    """
    split = parts(time_format)
    letters = [part.text.replace("uuuu", "yyyy") for part in split if part.field]
    supported = _FIXED[: max(len(letters), 3)]
    if sorted(letters) != sorted(supported) or len(letters) == 4 or (type_.kind is Kind.DATE and len(letters) > 3):
        return ()
    pattern = "".join(f"([0-9]{{{len(part.text)}}})" if part.field else re.escape(part.text) for part in split)
    year, month, day, *clock = (rf"\{letters.index(letter) + 1}" for letter in supported)
    iso = f"{year}-{month}-{day}" + (" " + ":".join(clock) if clock else "")

    def rewritten(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(texts, f"^{pattern}$", iso)

    def matches(texts: pa.Array) -> pa.Array:
        return pc.and_(_regex(f"^{pattern}$")(texts), _regex(f"^{_DAY}(?: {_CLOCK})?$")(rewritten(texts)))

    to_type = _to(type_) if type_.kind is Kind.DATE else _to(_NAIVE, type_)
    return (TextPattern(matches, lambda texts: to_type(rewritten(texts))),)
