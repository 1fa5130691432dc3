"""What each step of cleansing makes of a text; the same for every format and engine, because only text is changed."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.changes import TimeUnit
from lakehouse.contracts.cleansing import (
    Booleans,
    Case,
    Dates,
    Map,
    Nulls,
    Number,
    Replace,
    Split,
    Step,
    Trim,
)
from lakehouse.contracts.odcs.cleansing_steps import EPOCHS
from lakehouse.contracts.types import Kind, Type
from lakehouse.readers.chunk import MAX_VALUES, TOO_MANY
from lakehouse.readers.events.values import instant, since_1970
from lakehouse.readers.json_text import to_json
from lakehouse.readers.values import LONGEST_NUMBER, RejectedError, parse, show

LONGEST = 64 * 2**10
"""Characters of a text in which a pattern is replaced; a longer text is rejected, so that memory stays bounded."""

Function = Callable[[str], str | None]


def function(step: Step, type_: Type, *, is_text: bool) -> Function | None:
    """Return what a step makes of one text; None if it does not concern values of this kind.

    Args:
        step: any step but `Replace` and `Default`.
        type_: type of the column.
        is_text: whether the source sent text, not a number or boolean, whose meaning is not in its signs.

    The function raises `RejectedError` for a text that the step cannot read.
    """
    match step:
        case Trim():
            return str.strip
        case Case():
            return str.upper if step.upper else str.lower
        case Nulls():
            return lambda text: None if text in step.words else text
        case Map():
            values = dict(step.values)
            return lambda text: values.get(text, text)
        case Booleans():
            words = dict.fromkeys(step.true, "true") | dict.fromkeys(step.false, "false")
            return lambda text: words.get(text, text)
        case Dates():
            return lambda text: _date(text, step, type_)
        case Number() if is_text or step.units:
            return lambda text: _number(text, step if is_text else Number(units=step.units))
        case Split() if is_text:
            return lambda text: _split(text, step)
    return None


def replaced(texts: Sequence[str], step: Replace) -> list[str]:
    """Return texts with all matches of a pattern replaced; RE2 takes time that grows with the text alone."""
    changed: list[str] = pc.replace_substring_regex(
        pa.array(texts, type=pa.string()), step.pattern, step.replacement
    ).to_pylist()
    return changed


def _date(text: str, step: Dates, type_: Type) -> str:
    if not text.strip():
        return text
    for format_ in step.formats:
        try:
            if format_ in EPOCHS:
                return instant(since_1970(text, TimeUnit(EPOCHS[format_])))
            value = parse(text, type_, time_format=format_)
        except RejectedError:
            continue
        match value:
            case datetime():
                return instant(value)
            case date():
                return value.isoformat()
        return str(value)
    expected = {Kind.DATE: "date", Kind.TIMESTAMP: "timestamp"}.get(type_.kind, "time")
    raise RejectedError(f"expected {expected} in format {' or '.join(step.formats)}, found {show(text)}")


@cache
def _form(step: Number) -> re.Pattern[str]:
    group = rf"[0-9]{{1,3}}(?:{re.escape(step.thousands)}[0-9]{{3}})+|" if step.thousands else ""
    exponent = "" if step.units else r"(?:[eE][+-]?[0-9]{1,9})?"
    return re.compile(rf"([+-]?)({group}[0-9]+)?(?:{re.escape(step.decimal)}([0-9]*))?({exponent})\s*(.*)", re.DOTALL)


def _number(text: str, step: Number) -> str:
    if not text.strip():
        return text
    match = _form(step).fullmatch(text.strip()) if len(text) <= LONGEST_NUMBER else None
    units = dict(step.units)
    if match is None or not (match[2] or match[3]) or (match[5] and not units):
        example = f"1{step.thousands}234{step.decimal}5"
        raise RejectedError(f"expected a number such as {example}, found {show(text)}")
    whole = (match[2] or "0").replace(step.thousands, "") if step.thousands else match[2] or "0"
    number = f"{match[1]}{whole}{'.' + match[3] if match[3] else ''}{match[4]}"
    if not units:
        return number
    if match[5] not in units:
        found = f"the unit {show(match[5])}" if match[5] else "none"
        raise RejectedError(f"expected a unit, one of {', '.join(filter(None, units))}, found {found} in {show(text)}")
    return f"{_exact(Decimal(number), units[match[5]]):f}"


def _exact(number: Decimal, factor: Decimal) -> Decimal:
    """Multiply without rounding, whatever Python's context is."""
    sign, digits, exponent = number.as_tuple()
    other = factor.as_tuple()
    product = int("".join(map(str, digits)) or "0") * int("".join(map(str, other.digits)))
    return Decimal((sign, tuple(map(int, str(product))), int(exponent) + int(other.exponent)))


def _split(text: str, step: Split) -> str | None:
    if not text.strip():
        return text
    if text.count(step.by) >= MAX_VALUES:
        raise RejectedError(TOO_MANY)
    parts = [part.strip() if step.trim else part for part in text.split(step.by)]
    if step.part is None:
        return to_json(parts)
    position = step.part - 1 if step.part > 0 else step.part
    return parts[position] if -len(parts) <= position < len(parts) else None
