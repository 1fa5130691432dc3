"""Convert columns that have types in the source (Parquet, Avro) to the contract's types.

Casts that cannot change a value are done on whole arrays. All others go through text, so that one definition
(`values.parse`) decides what is accepted: 17850.0 from a double column is an integer, as it is in CSV.
"""

import base64
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from lakehouse.contracts.types import Kind, Type
from lakehouse.readers.json_text import Nested, Number, load, to_json
from lakehouse.readers.text import Converted, convert
from lakehouse.readers.text_patterns import in_range

_NOT_FINITE = ("nan", "inf", "-inf")


def convert_array(array: pa.Array, type_: Type, *, time_format: str | None = None) -> Converted:
    """Convert an array of any Arrow type to a column's type.

    Args:
        array: values of the source.
        type_: type of the column.
        time_format: Java format of times that the source sends as text.
    """
    if types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    if types.is_large_string(array.type) or types.is_string_view(array.type):
        array = pc.cast(array, pa.string())
    if types.is_binary_view(array.type):
        array = pc.cast(array, pa.binary())
    if types.is_string(array.type):
        return convert(array, type_, time_format=time_format)
    if _has_type(array.type, type_) or _keeps_values(array.type, type_.kind):
        try:
            return Converted(in_range(pc.cast(array, type_.arrow)))
        except pa.ArrowInvalid:  # some values do not fit; the conversion through text finds which
            pass
    if types.is_binary(array.type) or types.is_large_binary(array.type) or types.is_fixed_size_binary(array.type):
        return _from_binary(array, type_)
    return convert(as_text(array), type_)


def _has_type(source: pa.DataType, type_: Type) -> bool:
    """Return whether an array has the type already and `in_range` can check it: it does not look into nested values."""
    return source == type_.arrow and not (types.is_nested(source) and _without_times(source) != source)


def _keeps_values(source: pa.DataType, kind: Kind) -> bool:
    """Return whether Arrow's safe cast either keeps each value or fails."""
    tests = {
        Kind.INT: (types.is_integer, types.is_decimal),
        Kind.LONG: (types.is_integer, types.is_decimal),
        Kind.DOUBLE: (types.is_float32, types.is_float16, types.is_integer),
        Kind.DECIMAL: (types.is_decimal,),
        Kind.DATE: (types.is_date32,),
        Kind.TIMESTAMP: (types.is_timestamp, types.is_date),
        Kind.BINARY: (types.is_large_binary, types.is_fixed_size_binary),
    }
    return any(test(source) for test in tests.get(kind, ()))


def _from_binary(array: pa.Array, type_: Type) -> Converted:
    """Convert bytes as UTF-8 text, one by one if some are not UTF-8."""
    try:
        return convert(pc.cast(pc.cast(array, pa.binary()), pa.string()), type_)
    except pa.ArrowInvalid:
        pass
    texts: list[str | None] = []
    reasons: dict[int, str] = {}
    for i, value in enumerate(array.to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError as error:
            texts.append(None)
            reasons[i] = f"invalid UTF-8 at byte {error.start + 1}"
    converted = convert(pa.array(texts, type=pa.string()), type_)
    return Converted(converted.values, converted.rejected | reasons)


def as_text(array: pa.Array) -> pa.Array:
    """Return each value as text that `values.parse` reads back to the same value; nested values as JSON."""
    try:
        if not types.is_nested(array.type):
            return pc.cast(array, pa.string())
        array = pc.cast(array, _without_times(array.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    return pa.array([None if value is None else text_of(value) for value in array.to_pylist()], type=pa.string())


def _without_times(type_: pa.DataType) -> pa.DataType:
    """Return a type with its nested times and floats as text: Python has no nanoseconds and no 32-bit floats."""
    if types.is_struct(type_):
        return pa.struct([(field.name, _without_times(field.type)) for field in type_])
    if types.is_map(type_):
        return pa.map_(_without_times(type_.key_type), _without_times(type_.item_type))
    if types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_):
        return pa.list_(_without_times(type_.value_type))
    return pa.string() if types.is_temporal(type_) or types.is_floating(type_) else type_


def text_of(value: Any) -> str:
    """Return the text of a Python value: a scalar as it is, a nested value as JSON."""
    json = to_json_value(value)
    return json if isinstance(json, str) else to_json(json)


def to_json_value(value: Any) -> Any:
    """Return a value of Arrow or Avro as JSON has it: numbers as `Number`, bytes in base64, times in ISO 8601."""
    match value:
        case None | bool() | str():
            return value
        case float() if not isfinite(value):
            return str(value)
        case int() | float() | Decimal():
            return Number(value)
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case dict():
            return {str(name): to_json_value(inner) for name, inner in value.items()}
        case list() | tuple():
            return [to_json_value(inner) for inner in value]
    return str(value)


def json_values(array: pa.Array) -> list[Nested]:
    """Return the values of an array as JSON has them; what JSON cannot express, such as a time or NaN, is text."""
    texts: list[str | None] = as_text(array).to_pylist()
    if types.is_nested(array.type) or types.is_boolean(array.type):
        return [None if text is None else load(text) for text in texts]
    if types.is_integer(array.type) or types.is_floating(array.type) or types.is_decimal(array.type):
        return [text if text is None or text in _NOT_FINITE else Number(text) for text in texts]
    return texts


def row_json(batch: pa.RecordBatch, position: int) -> str:
    """Return one row of a batch as a JSON object."""
    values = (json_values(column.slice(position, 1))[0] for column in batch.columns)
    return to_json(dict(zip(batch.schema.names, values, strict=True)))
