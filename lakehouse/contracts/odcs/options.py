"""ODCS logicalTypeOptions: what a value must be beside its type, checked on arrival."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.model import Bound, Format, Options
from lakehouse.contracts.odcs.source_types import SourceType
from lakehouse.contracts.time_format import check
from lakehouse.contracts.types import Kind
from lakehouse.contracts.violations import Violations, YamlPath, one_of

# Reads one option for one type into fields of `Options`; a ValueError says what to do.
_Reader = Callable[[Any, SourceType], dict[str, Any]]


def options(given: Mapping[str, Any], *, source: SourceType, violations: Violations, path: YamlPath) -> Options:
    """Read `logicalTypeOptions` on top of what the source's type demands; of two limits the narrower holds.

    Args:
        given: the YAML mapping.
        source: type of the property.
        violations: gets what is wrong.
        path: path of the mapping.
    """
    readers = _readers(source)
    values = {name: value for name in _NAMES if (value := getattr(source.options, name)) is not None}
    for name, value in given.items():
        if name not in readers:
            remedy = one_of(name, readers) if readers else "remove it, or say it with a quality rule"
            violations.add((*path, name), f"is no option that is checked for {source.type}", remedy=remedy)
            continue
        try:
            for field, read in readers[name](value, source).items():
                narrower = _NARROWER.get(field)
                values[field] = narrower(values[field], read) if narrower and field in values else read
        except ValueError as error:
            violations.add((*path, name), f"{value!r} can't be used", remedy=str(error))
    read_options = Options(**values)
    for low, high in (("minimum", "maximum"), ("min_length", "max_length")):
        least, most = getattr(read_options, low), getattr(read_options, high)
        if least is not None and most is not None and least > most:
            violations.add(path, f"no value is at least {least} and at most {most}", remedy="correct one of the two")
    return read_options


_NAMES = tuple(field.name for field in fields(Options))
_NARROWER: dict[str, Callable[..., Any]] = {"minimum": max, "maximum": min, "min_length": max, "max_length": min}


def _count(field: str) -> _Reader:
    def read(value: Any, source: SourceType) -> dict[str, Any]:
        if type(value) is not int or value < 0:
            raise ValueError("write a whole number from 0")
        return {field: value}

    return read


def _bound(field: str) -> _Reader:
    def read(value: Any, source: SourceType) -> dict[str, Any]:
        return {field: bound(value, source=source)}

    return read


def bound(value: Any, *, source: SourceType) -> Bound:
    """A limit in the type of its column.

    Raises:
        ValueError: it is none; the message says how to write one.
    """
    text = str(value)
    match source.type.kind:
        case Kind.DATE:
            return date.fromisoformat(text)
        case Kind.TIMESTAMP:
            instant = datetime.fromisoformat(text)
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
        case Kind.STRING:
            return time.fromisoformat(text).isoformat()
    return _number(value)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not Decimal(str(value)).is_finite():
        raise ValueError("write a number")
    return Decimal(str(value))


def _multiple_of(value: Any, source: SourceType) -> dict[str, Any]:
    divisor = _number(value)
    if divisor <= 0:
        raise ValueError("write a number above 0")
    return {"multiple_of": divisor}


def _pattern(value: Any, source: SourceType) -> dict[str, Any]:
    return {"pattern": regular_expression(value)}


def regular_expression(value: Any) -> str:
    """A pattern, compiled by the engine that will match it: RE2, which knows no lookahead and no backreference.

    Raises:
        ValueError: it is none; the message says what to do.
    """
    if not isinstance(value, str):
        raise ValueError("quote it")
    try:
        pc.match_substring_regex(pa.array([""]), value)
    except pa.ArrowInvalid as error:
        raise ValueError(f"write an RE2 regular expression: {str(error).splitlines()[0]}") from error
    return value


def _text_format(value: Any, source: SourceType) -> dict[str, Any]:
    if value not in list(Format):
        raise ValueError(one_of(value, Format))
    if source.options.format not in (None, value):
        raise ValueError(f"remove it: the physical type already says {source.options.format}")
    return {"format": Format(value)}


def _time_format(value: Any, source: SourceType) -> dict[str, Any]:
    if not isinstance(value, str) or not value:
        raise ValueError("write a pattern of Java's DateTimeFormatter, such as yyyy-MM-dd HH:mm:ss")
    check(value, source.type.kind)
    return {"time_format": value}


def _utc_only(value: Any, source: SourceType) -> dict[str, Any]:
    if value not in ("UTC", "Etc/UTC"):
        raise ValueError("times without an offset are read as UTC: let the source send an offset")
    return {}


def _nothing(value: Any, source: SourceType) -> dict[str, Any]:
    return {}


_LIMITS: dict[str, _Reader] = {
    "minimum": _bound("minimum"),
    "maximum": _bound("maximum"),
    "exclusiveMinimum": _bound("exclusive_minimum"),
    "exclusiveMaximum": _bound("exclusive_maximum"),
}
_NUMBER: dict[str, _Reader] = {
    **_LIMITS,
    "multipleOf": _multiple_of,
    "format": _nothing,  # its width, which is part of the type
}
_TIME: dict[str, _Reader] = {
    **_LIMITS,
    "format": _time_format,
    "timezone": _nothing,  # stored with its zone either way
    "defaultTimezone": _utc_only,
}
_TEXT: dict[str, _Reader] = {
    "minLength": _count("min_length"),
    "maxLength": _count("max_length"),
    "pattern": _pattern,
    "format": _text_format,
}
_LIST: dict[str, _Reader] = {"minItems": _count("min_length"), "maxItems": _count("max_length")}
_BY_KIND: dict[Kind, dict[str, _Reader]] = {
    Kind.STRING: _TEXT,
    **dict.fromkeys((Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL), _NUMBER),
    **dict.fromkeys((Kind.DATE, Kind.TIMESTAMP), _TIME),
    Kind.LIST: _LIST,
}


def _readers(source: SourceType) -> dict[str, _Reader]:
    if source.options.format is Format.TIME:
        return _TIME
    if source.options.format is Format.JSON:
        return {}
    return _BY_KIND.get(source.type.kind, {})
