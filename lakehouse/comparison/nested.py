"""Text of nested values in which equal values are equal, whatever file they come from."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa

FIELD_ID = b"PARQUET:field_id"


def text(value: Any, type_: pa.DataType, *, names: Mapping[int, str]) -> str:
    """Return the text of a value: fields of a struct without nulls and by name, entries of a map by key.

    Args:
        value: a value of Arrow, converted to Python.
        type_: its type in the file.
        names: names of nested fields by Iceberg's id; a file has the names of the time when it was written.
    """
    if value is None:
        return "null"
    if pa.types.is_struct(type_):
        fields = {
            _name(field, names): text(value[field.name], field.type, names=names)
            for field in type_
            if value[field.name] is not None
        }
        return "{" + ", ".join(f"{name}: {fields[name]}" for name in sorted(fields)) + "}"
    if pa.types.is_map(type_):
        entries = sorted(
            f"{text(key, type_.key_type, names=names)}: {text(item, type_.item_type, names=names)}"
            for key, item in value
        )
        return "{" + ", ".join(entries) + "}"
    if pa.types.is_nested(type_):
        return "[" + ", ".join(text(item, type_.value_type, names=names) for item in value) + "]"
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case float():
            return repr(value + 0.0)  # -0.0 equals 0.0
        case bytes():
            return f"x'{value.hex()}'"
        case date() | datetime() | time():
            return value.isoformat()
    return str(value)


def _name(field: pa.Field, names: Mapping[int, str]) -> str:
    number = (field.metadata or {}).get(FIELD_ID)
    return str(field.name) if number is None else names.get(int(number), field.name)
