"""Convert columns that have types of the source's own (Parquet, Avro) to the contract's types.

Casts that cannot change a value are done on whole arrays. All others go through text, so that one definition
(`values.parse`) says what is accepted: 17850.0 from a double column is an integer as it is in CSV.
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


def from_native(array: pa.Array, type_: Type, *, time_format: str | None = None) -> Converted:
    """Convert an array of any Arrow type to a column's type.

    Args:
        array: as the source has it.
        type_: the column's type.
        time_format: strptime format of times that the source has as text.
    """
    if types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    if types.is_large_string(array.type) or types.is_string_view(array.type):
        array = pc.cast(array, pa.string())
    if types.is_binary_view(array.type):
        array = pc.cast(array, pa.binary())
    if types.is_string(array.type):
        return convert(array, type_, time_format=time_format)
    if _is_safe_as_it_is(array.type, type_) or _keeps_values(array.type, type_.kind):
        try:
            return Converted(in_range(pc.cast(array, type_.arrow)))
        except pa.ArrowInvalid:  # some value does not fit: find out which
            pass
    if types.is_binary(array.type) or types.is_large_binary(array.type) or types.is_fixed_size_binary(array.type):
        return _from_binary(array, type_)
    return convert(as_text(array), type_)


def _is_safe_as_it_is(source: pa.DataType, type_: Type) -> bool:
    """Whether an array has the type already; ranges are checked of values at the top only, so not if any is within."""
    return source == type_.arrow and not (types.is_nested(source) and _without_times(source) != source)


def _keeps_values(source: pa.DataType, kind: Kind) -> bool:
    """Whether Arrow's safe cast either keeps each value or fails."""
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
    """Bytes as UTF-8 text, one by one when some are not."""
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
    """Each value as text that `values.parse` reads back to the same value; JSON for what nests."""
    try:
        if not types.is_nested(array.type):
            return pc.cast(array, pa.string())
        array = pc.cast(array, _without_times(array.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    return pa.array([None if value is None else text_of(value) for value in array.to_pylist()], type=pa.string())


def _without_times(type_: pa.DataType) -> pa.DataType:
    """A type with text for times and floats within it: Python has no nanoseconds, nor a 0.1 of 32 bits."""
    if types.is_struct(type_):
        return pa.struct([(field.name, _without_times(field.type)) for field in type_])
    if types.is_map(type_):
        return pa.map_(_without_times(type_.key_type), _without_times(type_.item_type))
    if types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_):
        return pa.list_(_without_times(type_.value_type))
    return pa.string() if types.is_temporal(type_) or types.is_floating(type_) else type_


def text_of(value: Any) -> str:
    """Text of a Python value: a scalar as it is, JSON of what nests."""
    json = plain(value)
    return json if isinstance(json, str) else to_json(json)


def plain(value: Any) -> Any:
    """A Python value out of Arrow or Avro as JSON has it: numbers as `Number`, bytes in base64, times in ISO 8601."""
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
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return str(value)


def nested(array: pa.Array) -> list[Nested]:
    """Values as JSON has them; what it has no word for, such as a time or NaN, is text."""
    texts: list[str | None] = as_text(array).to_pylist()
    if types.is_nested(array.type) or types.is_boolean(array.type):
        return [None if text is None else load(text) for text in texts]
    if types.is_integer(array.type) or types.is_floating(array.type) or types.is_decimal(array.type):
        return [text if text is None or text in _NOT_FINITE else Number(text) for text in texts]
    return texts


def row_json(batch: pa.RecordBatch, position: int) -> str:
    """One row of a batch as a JSON object."""
    row = zip(batch.schema.names, (nested(column.slice(position, 1))[0] for column in batch.columns), strict=True)
    return to_json(dict(row))
