"""The values of Trino's answers as texts in Athena's format for results."""

import base64
import re
from typing import Any

from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_types

_CLOCKS = {DType.TIMESTAMP, DType.TIMESTAMPTZ, DType.TIME}
_CLOCK = re.compile(r"(\d\d:\d\d:\d\d)(\.\d+)?")


def text(value: Any, dt: DataType) -> str | None:
    """Return the text of a value; None for NULL.

    Args:
        value: JSON of the value, in which numbers with a fraction or an exponent are texts.
        dt: its type.
    """
    if value is not None and dt.this in _CLOCKS:
        return _with_milliseconds(value)
    return _text(value, dt)


def _text(value: Any, dt: DataType) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and dt.this in (DType.ARRAY, DType.MAP, DType.STRUCT):
        return value  # the key of a map is a text in JSON
    match dt.this:
        case DType.BOOLEAN:
            return str(value).lower()
        case DType.VARBINARY:
            return base64.b64decode(value).hex(" ")
        case DType.ARRAY:
            return f"[{', '.join(_part(item, dt.expressions[0]) for item in value)}]"
        case DType.MAP:
            of_key, of_value = dt.expressions
            return f"{{{', '.join(f'{_part(k, of_key)}={_part(v, of_value)}' for k, v in value.items())}}}"
        case DType.STRUCT:
            fields = zip(sql_types.named_fields(dt), value, strict=True)
            return f"{{{', '.join(f'{name}={_part(item, kind)}' for (name, kind), item in fields)}}}"
    return str(value)


def _part(value: Any, dt: DataType) -> str:
    found = _text(value, dt)
    return "null" if found is None else found


def _with_milliseconds(value: str) -> str:
    """Return the text of a time, in which the fraction has at least three digits."""
    return _CLOCK.sub(lambda match: match[1] + (match[2] or ".").ljust(4, "0"), value, count=1)
