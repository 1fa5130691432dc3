"""Check values against the rules of their column that go beyond its type: length, pattern, format, limits."""

import ipaddress
from collections.abc import Callable, Iterator
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.model import Bound, Column, Format, Options
from lakehouse.contracts.types import Kind, Type
from lakehouse.readers import json_text
from lakehouse.readers.text import convert

LONGEST_EXPLANATION = 200
"""Characters of an explanation: a key of the JSON may be long."""

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PATTERNS = {
    Format.EMAIL: rf"^[^@\s]+@(?:{_LABEL}\.)+{_LABEL}$",
    Format.UUID: r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    Format.URI: r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$",
    Format.HOSTNAME: rf"^{_LABEL}(?:\.{_LABEL})*$",
    Format.IPV4: rf"^{_OCTET}(?:\.{_OCTET}){{3}}$",
    Format.TIME: r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?$",
}
_PARSERS: dict[Format, Callable[[str], object]] = {Format.IPV6: ipaddress.IPv6Address, Format.JSON: json_text.load}
_EXACT = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def broken_rules(values: pa.Array, column: Column) -> Iterator[tuple[str, pa.Array]]:
    """Yield each rule that some values of a column break, and the mask of these values; nulls break no rule.

    Args:
        values: in the column's type.
        column: has the rules.
    """
    if column.options == Options() and not column.enum:
        return
    for rule, broken in _rules(values, column):
        if pc.any(broken).as_py():
            yield rule, pc.fill_null(broken, False)


def explanation(rule: str, text: str) -> str:
    """Return why a text that is JSON breaks the rule of the format json, such as a repeated key; else nothing."""
    if rule != f"not a valid {Format.JSON}":
        return ""
    try:
        json_text.load(text)
    except json_text.InvalidRecordError as error:
        reason = str(error)
        return f": {reason}" if len(reason) <= LONGEST_EXPLANATION else f": {reason[:LONGEST_EXPLANATION]}..."
    except ValueError:
        return ""  # the rule says already that it is not JSON
    return ""


def _rules(values: pa.Array, column: Column) -> Iterator[tuple[str, pa.Array]]:
    options = column.options
    if column.enum:
        allowed = convert(pa.array(column.enum), column.type).values
        unknown = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, value_set=allowed)))
        yield f"not one of {', '.join(column.enum)}", unknown
    if options.min_length is not None:
        yield f"shorter than {options.min_length}", pc.less(_length(values), options.min_length)
    if options.max_length is not None:
        yield f"longer than {options.max_length}", pc.greater(_length(values), options.max_length)
    if options.pattern is not None:
        yield f"does not match {options.pattern}", pc.invert(pc.match_substring_regex(values, options.pattern))
    if options.format in _PATTERNS:
        yield f"not a valid {options.format}", pc.invert(pc.match_substring_regex(values, _PATTERNS[options.format]))
    if options.format in _PARSERS:
        parser = _PARSERS[options.format]
        yield f"not a valid {options.format}", _test_distinct(values, lambda text: _fails(parser, text))
    if options.minimum is not None:
        yield f"below minimum {options.minimum}", pc.less(*_sides(values, options.minimum, column.type, up=True))
    if options.maximum is not None:
        yield f"above maximum {options.maximum}", pc.greater(*_sides(values, options.maximum, column.type, up=False))
    if options.exclusive_minimum is not None:
        limit = options.exclusive_minimum
        yield f"not above {limit}", pc.less_equal(*_sides(values, limit, column.type, up=False))
    if options.exclusive_maximum is not None:
        limit = options.exclusive_maximum
        yield f"not below {limit}", pc.greater_equal(*_sides(values, limit, column.type, up=True))
    if options.multiple_of is not None:
        step = options.multiple_of
        has_remainder = _test_distinct(values, lambda value: bool(_EXACT.remainder(Decimal(str(value)), step)))
        yield f"not a multiple of {step}", has_remainder


def _length(values: pa.Array) -> pa.Array:
    return pc.list_value_length(values) if pa.types.is_list(values.type) else pc.utf8_length(values)


def _sides(values: pa.Array, limit: Bound, type_: Type, *, up: bool) -> tuple[pa.Array, pa.Scalar]:
    """Return values and limit in one type; a limit that is no value of the type is rounded up or down to one."""
    if not isinstance(limit, Decimal):
        return values, pa.scalar(limit, type=values.type)
    if type_.kind in (Kind.FLOAT, Kind.DOUBLE):
        return values, pa.scalar(float(limit), type=pa.float64())
    # No limit has more digits than this type has.
    wide = pa.decimal256(76, type_.scale)
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    rounded = limit.quantize(Decimal(1).scaleb(-type_.scale), rounding=rounding, context=_EXACT)
    if len(rounded.as_tuple().digits) <= (type_.precision or 9):
        return values, pa.scalar(rounded if type_.precision else int(rounded), type=values.type)
    return pc.cast(values, wide), pa.scalar(rounded, type=wide)


def _test_distinct(values: pa.Array, test: Callable[[object], bool]) -> pa.Array:
    """Return the mask of values that pass a test, which is called once for each distinct value."""
    distinct = values.dictionary_encode()
    return pa.array([test(value) for value in distinct.dictionary.to_pylist()], type=pa.bool_()).take(distinct.indices)


def _fails(parser: Callable[[str], object], text: object) -> bool:
    try:
        parser(str(text))
    except ValueError:
        return True
    return False
