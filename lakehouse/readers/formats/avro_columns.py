"""Columns of Avro records as Arrow arrays; what no array holds is text, spelled as Arrow spells the same value."""

import base64
from collections import defaultdict
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse.contracts.types import Kind, Type
from lakehouse.readers.arrow_types import as_text
from lakehouse.readers.formats.avro_values import OutOfRange
from lakehouse.readers.json_text import Nested, Number, render

INVALID_TEXT = "surrogateescape"
"""How bytes that are not UTF-8 stand in a text until their record is rejected."""

_ERRORS = (pa.ArrowException, OverflowError, TypeError, ValueError)
_DECIMAL_EXPONENTS = range(-6, 10)
"""Exponents of floats that Arrow writes without an exponent."""


def array_of(values: list[Any], type_: Type | None) -> pa.Array:
    """Return an array of the type that Arrow infers; an array of text if values nest or have several types.

    Args:
        values: values of one column.
        type_: type of the column in the contract, if it has the column.

    Raises:
        UnicodeEncodeError: a text is not valid; `invalid_text` finds it.
    """
    groups: defaultdict[type, list[int]] = defaultdict(list)
    for i, value in enumerate(values):
        if value is not None:
            groups[type(value)].append(i)
    if len(groups) < 2 and not groups.keys() & {dict, list, OutOfRange}:
        try:
            return pa.array(values)
        except _ERRORS:
            pass
    texts: list[str | None] = [None] * len(values)
    for positions in groups.values():
        for i, text in zip(positions, _texts([values[i] for i in positions], type_), strict=True):
            texts[i] = text
    return pa.array(texts, type=pa.string())


def json_value(value: Any, type_: Type | None = None) -> Nested:
    """Return a value as JSON has it; bytes are text if they are UTF-8 and the type does not want bytes."""
    match value:
        case None | bool() | str():
            return value
        case float() | np.floating():
            text = float_text(value)
            return Number(text) if isfinite(value) else text
        case int() | Decimal():
            return Number(value)
        case bytes():
            return _text_of_bytes(value, type_)
        case datetime():
            zone = "" if value.tzinfo is None else "Z"
            return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds") + zone
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="microseconds")
        case dict():
            fields = dict(type_.fields) if type_ else {}
            return {str(name): json_value(inner, fields.get(name)) for name, inner in value.items()}
        case list() | tuple():
            return [json_value(inner, type_ and type_.element) for inner in value]
    return str(value)


def float_text(value: float | np.floating) -> str:
    """Return the shortest text of a float, in Arrow's spelling."""
    if not isfinite(value):
        return str(value)
    number = Decimal(str(value)).normalize()
    if number.adjusted() in _DECIMAL_EXPONENTS or not number:
        return f"{number:f}"
    digits = "".join(map(str, number.as_tuple().digits))
    fraction = f".{digits[1:]}" if digits[1:] else ""
    return f"{'-' if number < 0 else ''}{digits[0]}{fraction}e{number.adjusted():+d}"


def invalid_text(value: Any) -> int | None:
    """Return the byte, from 1, at which a text within a value is not UTF-8, if one is not."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return len(value[: error.start].encode(errors=INVALID_TEXT)) + 1
    if isinstance(value, dict):
        return next((at for pair in value.items() for inner in pair if (at := invalid_text(inner))), None)
    if isinstance(value, list):
        return next((at for inner in value if (at := invalid_text(inner))), None)
    return None


def not_finite(value: Any) -> bool:
    """Return whether a value has NaN or an infinity within, which JSON does not have."""
    if isinstance(value, dict):
        return any(map(not_finite, value.values()))
    if isinstance(value, list):
        return any(map(not_finite, value))
    return isinstance(value, float | np.floating) and not isfinite(value)


def _texts(values: list[Any], type_: Type | None) -> list[str]:
    """Return the texts of values of one type, which do not depend on the other types in a column."""
    if not isinstance(values[0], (dict, list, str, bytes)):
        try:
            return as_text(pa.array(values)).to_pylist()  # type: ignore[no-any-return]
        except _ERRORS:
            pass
    return [render(json_value(value, type_)) for value in values]


def _text_of_bytes(value: bytes, type_: Type | None) -> str:
    if type_ is None or type_.kind is not Kind.BINARY:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return base64.b64encode(value).decode()
