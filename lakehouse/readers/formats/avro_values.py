"""Read Avro's logical types and floats exactly; a value that Python's types cannot hold concerns only its record.

Source: Apache Avro specification, "Logical Types".
"""

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

import fastavro.read
import numpy as np

from lakehouse.readers.formats import avro_count

_EXACT = Context(prec=10_000, Emax=MAX_EMAX, Emin=MIN_EMIN)
_LONGEST_DECIMAL = 1_000
"""Bytes of a decimal; no type could hold more, and converting them takes quadratic time."""

_UNIX_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
_SINGLE = "lakehouse-single"
_NANOS = {"millis": 10**6, "micros": 10**3, "nanos": 1}


class OutOfRange(str):
    """Stands for a date or time outside what the types hold; its text is for messages and `_record`."""

    __slots__ = ()


def prepared(schema: Any) -> Any:
    """Return a schema with only those logical types that this module reads, and with floats and containers as some.

    Logical types that are unknown or invalid are ignored, as the specification demands. Defaults are left out: no
    reader of the writer's own schema needs them.
    """
    if isinstance(schema, list):
        return [prepared(branch) for branch in schema]
    if schema == "float":
        return {"type": "float", "logicalType": _SINGLE}
    if not isinstance(schema, dict) or "type" not in schema:
        return schema
    result = {name: value for name, value in schema.items() if name not in ("logicalType", "default")}
    type_ = schema["type"]
    if type_ == "float":
        result["logicalType"] = _SINGLE
    elif isinstance(type_, str):
        logical = schema.get("logicalType")
        if f"{type_}-{logical}" in _READERS and _is_valid(schema):
            result["logicalType"] = logical
        elif type_ in avro_count.CONTAINERS:
            result["logicalType"] = avro_count.LOGICAL_TYPE
    else:
        result["type"] = prepared(type_)
    if "fields" in schema:
        result["fields"] = [{"name": field["name"], "type": prepared(field["type"])} for field in schema["fields"]]
    for inner in ("items", "values"):
        if inner in schema:
            result[inner] = prepared(schema[inner])
    return result


def out_of_range(value: Any) -> bool:
    """Return whether a value is `OutOfRange` or holds such a value, at any depth."""
    if isinstance(value, dict):
        return any(map(out_of_range, value.values()))
    if isinstance(value, list):
        return any(map(out_of_range, value))
    return isinstance(value, OutOfRange)


def use_exact_readers() -> None:
    """Make fastavro read logical types with the functions of this module."""
    fastavro.read.LOGICAL_READERS.update(_READERS)


def _is_valid(schema: dict[str, Any]) -> bool:
    if schema["logicalType"] == "decimal":
        precision, scale = schema.get("precision"), schema.get("scale", 0)
        return type(precision) is int and type(scale) is int and 0 <= scale <= precision and precision > 0
    return schema["type"] != "fixed" or schema.get("size") == 16


def _out(number: object) -> OutOfRange:
    return OutOfRange(f"<value out of range: {number}>")


def _instant(unit: str, *, local: bool) -> Callable[..., Any]:
    def read(number: int, *_: object) -> datetime | str:
        micros, finer = divmod(number * _NANOS[unit], 1000)
        try:
            at = _EPOCH + timedelta(microseconds=micros)
        except OverflowError:
            return _out(number)
        if finer:
            return f"{at.isoformat(sep=' ', timespec='microseconds')}{finer:03}{'' if local else 'Z'}"
        return at if local else at.replace(tzinfo=UTC)

    return read


def _time(unit: str) -> Callable[..., Any]:
    def read(number: int, *_: object) -> time | str:
        try:
            since = timedelta(microseconds=number * _NANOS[unit] // 1000)
        except OverflowError:
            return _out(number)
        return (_EPOCH + since).time() if timedelta() <= since < timedelta(days=1) else _out(number)

    return read


def _date(number: int, *_: object) -> date | str:
    try:
        return date.fromordinal(number + _UNIX_DAY)
    except (ValueError, OverflowError):
        return _out(number)


def _decimal(data: bytes, schema: dict[str, Any], *_: object) -> Decimal | str:
    if len(data) > _LONGEST_DECIMAL:
        return _out(f"decimal of {len(data)} bytes")
    return Decimal(int.from_bytes(data, "big", signed=True)).scaleb(-schema.get("scale", 0), context=_EXACT)


def _single(number: float, *_: object) -> np.float32:
    return np.float32(number)


def _readers(units: Iterable[str]) -> dict[str, Callable[..., Any]]:
    instants = {f"long-timestamp-{unit}": _instant(unit, local=False) for unit in units}
    return instants | {f"long-local-timestamp-{unit}": _instant(unit, local=True) for unit in units}


_READERS: dict[str, Callable[..., Any]] = {
    **_readers(_NANOS),
    "int-time-millis": _time("millis"),
    "long-time-micros": _time("micros"),
    "int-date": _date,
    "bytes-decimal": _decimal,
    "fixed-decimal": _decimal,
    "fixed-uuid": lambda data, *_: str(uuid.UUID(bytes=data)),
    "string-uuid": lambda text, *_: text,
    f"float-{_SINGLE}": _single,
}
