"""Convert columns that have types in the source (Parquet, Avro) to the contract's types.

Casts that cannot change a value are done on whole arrays. All others go through text, so that one definition
(`values.parse`) decides what is accepted: 17850.0 from a double column is an integer, as it is in CSV.
"""

import base64
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise, repeat
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from lakehouse.contracts.types import Kind, Type
from lakehouse.readers.arrow_leaves import Mask, elements, leaf_types, out_of_range, plain, unknown_extension
from lakehouse.readers.json_text import Nested, Number, to_json
from lakehouse.readers.text import Converted, convert
from lakehouse.readers.text_patterns import in_range
from lakehouse.readers.values import show

_NOT_FINITE = ("nan", "inf", "-inf")


def convert_array(array: pa.Array, type_: Type, *, time_format: str | None = None) -> Converted:
    """Convert an array of any Arrow type to a column's type.

    Args:
        array: values of the source.
        type_: type of the column.
        time_format: Java format of times that the source sends as text.
    """
    extension = unknown_extension(array.type)
    if extension:
        reason = f"expected {type_}, found Arrow's extension type {extension}: send its values in a type of Parquet"
        return rejected(Converted(pa.nulls(len(array), type_.arrow)), array.is_valid(), lambda _: reason)
    array = plain(array)
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
    if _holds_bytes(array.type):
        return _from_binary(array, type_, time_format)
    if types.is_temporal(array.type):
        time_format = None  # the value has its meaning without it
    converted = convert(_texts(array, type_), type_, time_format=time_format)
    if type_.kind is Kind.STRING:
        return rejected(converted, out_of_range(array), lambda text: f"expected a time in range, found {show(text)}")
    return converted


def rejected(converted: Converted, mask: Mask | pa.Array, reason: Callable[[str], str]) -> Converted:
    """Return converted values without those of a mask; `reason` gets the text of each."""
    positions = [i for i in np.flatnonzero(mask).tolist() if i not in converted.rejected]
    if not positions:
        return converted
    reasons = {i: reason(str(converted.values[i])) for i in positions}
    kept = pa.array(~np.asarray(mask))
    return Converted(pc.if_else(kept, converted.values, None), converted.rejected | reasons)


def _has_type(source: pa.DataType, type_: Type) -> bool:
    """Return whether an array has the type already and `in_range` can check it: it does not look into nested values."""
    checked = types.is_temporal, types.is_floating
    return source == type_.arrow and not (
        types.is_nested(source) and any(test(leaf) for leaf in leaf_types(source) for test in checked)
    )


def _keeps_values(source: pa.DataType, kind: Kind) -> bool:
    """Return whether Arrow's safe cast either keeps each value or fails."""
    tests = {
        Kind.INT: (types.is_integer, types.is_decimal),
        Kind.LONG: (types.is_integer, types.is_decimal),
        Kind.DOUBLE: (types.is_integer,),
        Kind.DECIMAL: (types.is_decimal,),
        Kind.DATE: (types.is_date32,),
        Kind.TIMESTAMP: (types.is_timestamp, types.is_date),
        Kind.BINARY: (types.is_large_binary, types.is_fixed_size_binary),
    }
    return any(test(source) for test in tests.get(kind, ()))


def _from_binary(array: pa.Array, type_: Type, time_format: str | None) -> Converted:
    """Convert bytes as UTF-8 text, one by one if some are not UTF-8."""
    try:
        return convert(pc.cast(pc.cast(array, pa.binary()), pa.string()), type_, time_format=time_format)
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
    converted = convert(pa.array(texts, type=pa.string()), type_, time_format=time_format)
    return Converted(converted.values, converted.rejected | reasons)


def _holds_bytes(type_: pa.DataType) -> bool:
    tests = types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view
    return any(test(type_) for test in tests)


def as_text(array: pa.Array) -> pa.Array:
    """Return each value as text that `values.parse` reads back to the same value; nested values as JSON."""
    return _texts(plain(array), None)


def _texts(array: pa.Array, type_: Type | None) -> pa.Array:
    """Return each value of a plain array as text; `type_` is the type that the text will be read as, if one is."""
    if types.is_nested(array.type):
        values = _nested_values(array, type_)
        return pa.array([None if value is None else to_json(value) for value in values], type=pa.string())
    if not _holds_bytes(array.type):
        try:
            return pc.cast(array, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    is_bytes = type_ is not None and type_.kind is Kind.BINARY
    return pa.array([_text(value, is_bytes=is_bytes) for value in array.to_pylist()], type=pa.string())


def _text(value: Any, *, is_bytes: bool) -> str | None:
    """Return the text of a value that Arrow cannot cast; of bytes their UTF-8, or base64 if they must stay bytes."""
    if isinstance(value, bytes) and not is_bytes:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return None if value is None else text_of(value)


def text_of(value: Any) -> str:
    """Return the text of a Python value: a scalar as it is, a nested value as JSON."""
    json = to_json_value(value)
    return json if isinstance(json, str) else to_json(json)


def to_json_value(value: Any) -> Any:
    """Return a value of Arrow or Avro as JSON has it: numbers as `Number`, bytes in base64, times in ISO 8601."""
    match value:
        case None | bool() | str():
            return value
        case float() | np.floating() if not isfinite(value):
            return str(value)
        case int() | float() | np.floating() | Decimal():
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
    return _nested_values(plain(array), None)


def _nested_values(array: pa.Array, type_: Type | None) -> list[Nested]:
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    source = array.type
    if types.is_struct(source):
        fields = dict(type_.fields) if type_ else {}
        names = [field.name for field in source]
        children = [_nested_values(array.field(i), fields.get(name)) for i, name in enumerate(names)]
        records = zip(*children, strict=True) if children else repeat((), len(array))
        valid = array.is_valid().to_pylist()
        return [
            dict(zip(names, record, strict=True)) if is_valid else None
            for is_valid, record in zip(valid, records, strict=True)
        ]
    if types.is_nested(source):
        bounds, children = elements(array)
        values = list(zip(*(_nested_values(child, type_ and type_.element) for child in children), strict=True))
        valid = array.is_valid().to_pylist()
        lists = [values[start:end] for start, end in pairwise(bounds.tolist())]
        render = _map_value if types.is_map(source) else _list_value
        return [render(inner) if is_valid else None for is_valid, inner in zip(valid, lists, strict=True)]
    texts: list[str | None] = _texts(array, type_).to_pylist()
    if types.is_boolean(source):
        return array.to_pylist()  # type: ignore[no-any-return]
    if types.is_integer(source) or types.is_floating(source) or types.is_decimal(source):
        return [text if text is None or text in _NOT_FINITE else Number(text) for text in texts]
    return texts


def _list_value(values: list[tuple[Nested, ...]]) -> Nested:
    return [value for (value,) in values]


def _map_value(entries: list[tuple[Nested, ...]]) -> Nested:
    """Return a map as an object, like Avro's and those of other engines; as pairs if an object could not hold it."""
    names = [key if isinstance(key, str) else to_json(key) for key, _ in entries]
    if len(set(names)) < len(names):
        return [list(entry) for entry in entries]
    return {str(name): value for name, (_, value) in zip(names, entries, strict=True)}


def row_json(batch: pa.RecordBatch, position: int) -> str:
    """Return one row of a batch as a JSON object."""
    values = (json_values(column.slice(position, 1))[0] for column in batch.columns)
    return to_json(dict(zip(batch.schema.names, values, strict=True)))
