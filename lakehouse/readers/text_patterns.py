"""Forms of text that whole arrays are converted from at once, type by type.

All that matches a form, Arrow's cast must read as `values.parse` does. A form may leave out what `values.parse`
accepts, for that is where the rest goes; a property test compares the two.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.types import DOUBLE, Kind, Type

Compute = Callable[[pa.Array], pa.Array]

_NAIVE = pa.timestamp("us")


@dataclass(frozen=True, slots=True)
class Form:
    """Which texts have the form, as a mask that is null for nulls; and the values of texts that all have it."""

    proves: Compute
    cast: Compute


@cache
def forms(type_: Type, time_format: str | None) -> tuple[Form, ...]:
    """The forms of a type's text, the most frequent first; none for types that are always read value by value."""
    match type_.kind:
        case Kind.INT:
            return _integers(type_, digits=9)
        case Kind.LONG:
            return _integers(type_, digits=18)
        case Kind.DECIMAL:
            return (Form(_matches(_decimal_pattern(type_)), _to(type_)),)
        case Kind.FLOAT | Kind.DOUBLE:
            return (Form(_matches(r"^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$"), _to(DOUBLE, type_)),)
        case Kind.DATE | Kind.TIMESTAMP:
            return _times(type_) if time_format is None else _formatted_times(type_, time_format)
    return ()


def in_range(values: pa.Array) -> pa.Array:
    """The values, if Python and the engines can represent all of them.

    Raises:
        pa.ArrowInvalid: a number is not finite, which would spoil every sum, or a year is not of 1 to 9999.
    """
    if pa.types.is_floating(values.type) and pc.all(pc.is_finite(values)).as_py() is False:
        raise pa.ArrowInvalid("not finite")
    if pa.types.is_temporal(values.type):
        first, last = (
            pa.scalar(limit, type=values.type)
            for limit in (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999))
        )
        if pc.any(pc.or_(pc.less(values, first), pc.greater(values, last))).as_py():
            raise pa.ArrowInvalid("year not of 1 to 9999")
    return values


def whole_casts(type_: Type) -> tuple[Compute, ...]:
    """Casts of a type's text that need no proof, for they fail unless all of an array has the form.

    Only Arrow's casts to times are such: its integers may be hexadecimal, and decimals with an exponent lose digits.
    """
    if type_.kind is Kind.DATE:
        return (_to(type_),)
    if type_.kind is Kind.TIMESTAMP:
        # Without an offset a time is in UTC. Arrow reads either kind, but not both in one array.
        return (_to(_NAIVE, type_), _to(type_))
    return ()


def _matches(pattern: str) -> Compute:
    return lambda texts: pc.match_substring_regex(texts, pattern)


def _to(*types: Type | pa.DataType) -> Compute:
    """Cast from type to type."""

    def cast(array: pa.Array) -> pa.Array:
        for type_ in types:
            array = pc.cast(array, type_.arrow if isinstance(type_, Type) else type_)
        return array

    return cast


def _integers(type_: Type, *, digits: int) -> tuple[Form, ...]:
    def few_digits(texts: pa.Array) -> pa.Array:
        # Far cheaper than a regular expression, and most integers are nothing else.
        return pc.and_(pc.ascii_is_decimal(texts), pc.less_equal(pc.binary_length(texts), digits))

    signed = rf"^ *(?:\+?([0-9]{{1,{digits}}})|(-[0-9]{{1,{digits}}}))(?:\.0*)? *$"
    return (
        Form(few_digits, _to(type_)),
        Form(_matches(signed), lambda texts: _to(type_)(pc.replace_substring_regex(texts, signed, r"\1\2"))),
    )


def _decimal_pattern(type_: Type) -> str:
    whole = type_.precision - type_.scale
    before = rf"[0-9]{{1,{whole}}}" if whole else "0"
    after = rf"(?:\.[0-9]{{1,{type_.scale}}})?" if type_.scale else ""
    return f"^-?{before}{after}$"


# The days that these months have in every year; 29 February is left to `values.parse`.
_DAY = r"[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"


def _times(type_: Type) -> tuple[Form, ...]:
    if type_.kind is Kind.DATE:
        return (Form(_matches(f"^{_DAY}$"), _to(type_)),)
    in_utc = f"^({_DAY}[T ]{_CLOCK}) ?(?:UTC|Z)$"
    return (
        Form(_matches(f"^{_DAY}(?:[T ]{_CLOCK})?$"), _to(_NAIVE, type_)),
        Form(_matches(f"^{_DAY}[T ]{_CLOCK}{_OFFSET}$"), _to(type_)),
        Form(_matches(in_utc), lambda texts: _to(type_)(pc.replace_substring_regex(texts, in_utc, r"\1Z"))),
    )


_WIDTHS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}


def _formatted_times(type_: Type, time_format: str) -> tuple[Form, ...]:
    """Rewrite times to ISO 8601, when their format has year, month, day and perhaps hour, minute, second, once each."""
    parts = re.findall(r"%.|[^%]+", time_format)
    directives = [part for part in parts if part.startswith("%")]
    wanted = list(_WIDTHS) if len(directives) > 3 else list(_WIDTHS)[:3]
    if sorted(directives) != sorted(wanted) or (type_.kind is Kind.DATE and len(wanted) > 3):
        return ()
    pattern = "".join(f"([0-9]{{{_WIDTHS[part]}}})" if part in wanted else re.escape(part) for part in parts)
    year, month, day, *clock = (rf"\{directives.index(directive) + 1}" for directive in wanted)
    iso = f"{year}-{month}-{day}" + (" " + ":".join(clock) if clock else "")

    def rewritten(texts: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(texts, f"^{pattern}$", iso)

    def proves(texts: pa.Array) -> pa.Array:
        return pc.and_(_matches(f"^{pattern}$")(texts), _matches(f"^{_DAY}(?: {_CLOCK})?$")(rewritten(texts)))

    to_type = _to(type_) if type_.kind is Kind.DATE else _to(_NAIVE, type_)
    return (Form(proves, lambda texts: to_type(rewritten(texts))),)
