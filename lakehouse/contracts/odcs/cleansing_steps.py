"""Read the settings of each step of cleansing; a `ValueError` says what to write instead."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.cleansing import Booleans, Case, Dates, Default, Map, Nulls, Number, Replace, Split, Step, Trim
from lakehouse.contracts.model import Format
from lakehouse.contracts.odcs.options import bound, regular_expression
from lakehouse.contracts.odcs.source_types import SourceType
from lakehouse.contracts.time_format import check
from lakehouse.contracts.types import Kind

LONGEST_PATTERN, LONGEST_REPLACEMENT = 200, 50
"""Characters; each match of a pattern writes the replacement, so it bounds how much a value can grow."""

EPOCHS = {"epoch s": "s", "epoch ms": "ms", "epoch us": "us", "epoch ns": "ns"}
"""Formats of `dates` for numbers since 1970, with their unit."""

NUMBERS = (Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL)
_THOUSANDS = ("", ".", ",", " ", "'", "_", "\u00a0", "\u202f", "\u2019")


def _trim(value: Any, _source: SourceType) -> Step:
    if value is not None:
        raise ValueError("write `trim` alone")
    return Trim()


def _case(value: Any, _source: SourceType) -> Step:
    if value not in ("upper", "lower"):
        raise ValueError("write {case: upper} or {case: lower}")
    return Case(upper=value == "upper")


def _nulls(value: Any, _source: SourceType) -> Step:
    return Nulls(words=_words(value, example='{nulls: ["n/a", "-"]}'))


def _number(value: Any, _source: SourceType) -> Step:
    example = '{number: {decimal: ",", thousands: "."}}'
    given = _map(value, known=("decimal", "thousands", "units"), example=example)
    decimal, thousands = given.get("decimal", "."), given.get("thousands", "")
    if decimal not in (".", ",") or thousands not in _THOUSANDS:
        raise ValueError(f"write one character for each, such as {example}")
    if decimal == thousands:
        raise ValueError("use two different characters for decimal and thousands")
    units = given.get("units", {})
    if not isinstance(units, dict) or not all(isinstance(unit, str) and _factor(f) for unit, f in units.items()):
        raise ValueError('write a factor above 0 for each unit, such as {units: {kg: 1, g: "0.001"}}')
    if any(any(character.isdigit() or character in ".,+-" for character in unit) for unit in units):
        raise ValueError("write units without digits and signs of numbers")
    if (decimal, thousands, units) == (".", "", {}):
        raise ValueError(f"it would change nothing: write such as {example}")
    factors = tuple((unit.strip(), Decimal(str(factor))) for unit, factor in units.items())
    return Number(decimal=decimal, thousands=thousands, units=factors)


def _factor(value: Any) -> bool:
    try:
        factor = Decimal(str(value))
    except ArithmeticError:
        return False
    return not isinstance(value, bool) and factor.is_finite() and factor > 0 and -30 <= factor.adjusted() <= 30


def _dates(value: Any, source: SourceType) -> Step:
    formats = value if isinstance(value, list) else [value]
    if source.type.kind is Kind.STRING and source.options.format is not Format.TIME:
        raise ValueError("use it on a date, a timestamp or a time; for other texts use `replace`")
    for format_ in formats:
        if not isinstance(format_, str) or not format_:
            raise ValueError("write such as {dates: [dd.MM.yyyy, yyyy-MM-dd]}")
        if format_ in EPOCHS:
            if source.type.kind is not Kind.TIMESTAMP:
                raise ValueError(f"use {format_!r} on a timestamp")
            continue
        check(format_, source.type.kind)
    if len({*formats}) < len(formats) or not formats:
        raise ValueError("write each format once")
    return Dates(formats=tuple(formats))


def _booleans(value: Any, _source: SourceType) -> Step:
    example = '{booleans: {true: ["x"], false: ["-"]}}'
    named = {str(name).lower(): words for name, words in value.items()} if isinstance(value, dict) else {}
    if not named or named.keys() - {"true", "false"}:
        raise ValueError(f"write such as {example}")
    true, false = (_words(named[name], example=example) if name in named else frozenset() for name in ("true", "false"))
    if true & false:
        raise ValueError(f"{min(true & false)!r} is both true and false: keep one")
    return Booleans(true=true, false=false)


def _value_map(value: Any, _source: SourceType) -> Step:
    if not isinstance(value, dict) or not value:
        raise ValueError("write such as {map: {m: male, f: female}}")
    for old, new in value.items():
        if not isinstance(old, str) or not isinstance(new, str | None):
            raise ValueError(f"quote {old!r} and {new!r}: a map is from text to text or null")
    return Map(values=tuple(value.items()))


def _replace(value: Any, _source: SourceType) -> Step:
    given = _map(value, known=("pattern", "with"), example='{replace: {pattern: "[ /-]", with: ""}}')
    pattern, replacement = regular_expression(given.get("pattern")), given.get("with", "")
    if not isinstance(replacement, str) or len(pattern) > LONGEST_PATTERN or len(replacement) > LONGEST_REPLACEMENT:
        raise ValueError(
            f"use at most {LONGEST_PATTERN} characters of pattern, {LONGEST_REPLACEMENT} of `with` as text"
        )
    try:
        changed = pc.replace_substring_regex(pa.array([""]), pattern, replacement)
    except pa.ArrowInvalid as error:
        raise ValueError(f"correct `with`: {str(error).splitlines()[0]}") from error
    if pc.match_substring_regex(pa.array([""]), pattern)[0].as_py() or changed[0].as_py():
        raise ValueError("use a pattern that does not match the empty text, because it matches between all characters")
    return Replace(pattern=pattern, replacement=replacement)


def _split(value: Any, source: SourceType) -> Step:
    given = _map(value, known=("by", "part", "trim"), example='{split: {by: ";"}}')
    by, part, trim = given.get("by"), given.get("part"), given.get("trim", False)
    if not isinstance(by, str) or not by or not isinstance(trim, bool):
        raise ValueError('write such as {split: {by: ";", trim: true}}')
    is_list = source.type.kind is Kind.LIST
    if is_list and (source.type.element is None or source.type.element.kind in (Kind.LIST, Kind.STRUCT)):
        raise ValueError("only lists of single values can be split")
    if is_list is not (part is None) or (part is not None and (type(part) is not int or part == 0)):
        raise ValueError(
            "a list takes all parts: remove `part`" if is_list else "add `part`, such as 1, or -1 for the last"
        )
    return Split(by=by, part=part, trim=trim)


def _default(value: Any, source: SourceType) -> Step:
    kind = source.type.kind
    fits = {Kind.STRING: str, Kind.BOOLEAN: bool, Kind.INT: int, Kind.LONG: int}.get(kind)
    if fits is not None and type(value) is not fits:
        raise ValueError(f"write a {source.type}, such as " + {str: '"unknown"', bool: "false", int: "0"}[fits])
    if fits in (None, int) or source.options.format is Format.TIME:
        limit = bound(value, source=source)
        if kind in NUMBERS and not all(
            one is None or good(limit, one)
            for one, good in ((source.options.minimum, _at_least), (source.options.maximum, _at_most))
        ):
            raise ValueError("write a value within the limits of the type")
    return Default(text=str(value).lower() if kind is Kind.BOOLEAN else str(value))


def _at_least(value: Any, limit: Any) -> bool:
    return bool(value >= limit)


def _at_most(value: Any, limit: Any) -> bool:
    return bool(value <= limit)


def _words(value: Any, *, example: str) -> frozenset[str]:
    words = value if isinstance(value, list) else [value]
    if not words or not all(isinstance(word, str) for word in words):
        raise ValueError(f"write a list of quoted texts, such as {example}")
    return frozenset(words)


def _map(value: Any, *, known: tuple[str, ...], example: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() - {*known}:
        raise ValueError(f"write such as {example}; settings are {', '.join(known)}")
    return value


READERS: dict[str, Callable[[Any, SourceType], Step]] = {
    "trim": _trim,
    "case": _case,
    "nulls": _nulls,
    "number": _number,
    "dates": _dates,
    "booleans": _booleans,
    "map": _value_map,
    "replace": _replace,
    "split": _split,
    "default": _default,
}
