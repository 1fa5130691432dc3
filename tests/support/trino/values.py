"""Java values of Trino's tests, and whether a value of the engine is the same."""

import math
import operator
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.trino.java import Call, Literal, Name, NotReadError, Operation

_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_CONSTANTS = {
    "NaN": math.nan,
    "POSITIVE_INFINITY": math.inf,
    "NEGATIVE_INFINITY": -math.inf,
}
_LIMITS = {"Byte": 7, "Short": 15, "Integer": 31, "Int": 31, "Long": 63}
_LISTS = {"ImmutableList.of", "asList", "Arrays.asList", "Lists.newArrayList", "list", "List.of", "newArrayList"}


def value(tree: Any) -> Any:
    """Return a Java value as Python's: a list for arrays and rows, pairs in a `dict` for maps.

    Raises:
        NotReadError: the module does not know the value.
    """
    match tree:
        case Literal(value=found, kind="float"):
            return _float(found)
        case Literal(value=found):
            return found
        case Name(text=text):
            return _constant(text)
        case Operation(sign="unary -", parts=(part,)):
            return -value(part)
        case Operation(sign="cast float", parts=(part,)):
            return _float(value(part))
        case Operation(sign="cast double", parts=(part,)):
            return float(value(part))
        case Operation(sign=sign, parts=(part,)) if sign.startswith("cast "):
            return value(part)
        case Operation(sign=sign, parts=(left, right)) if sign in _ARITHMETIC:
            result = _ARITHMETIC[sign](value(left), value(right))
            return _float(result) if _is_float(left) and _is_float(right) else result
        case Call():
            return _call(tree)
    raise NotReadError


def _is_float(tree: Any) -> bool:
    match tree:
        case Literal(kind="float") | Operation(sign="cast float"):
            return True
        case Operation(sign="unary -", parts=(part,)):
            return _is_float(part)
    return False


def _constant(text: str) -> Any:
    owner, _, name = text.rpartition(".")
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if owner in _LIMITS and name in ("MAX_VALUE", "MIN_VALUE"):
        limit = 2 ** _LIMITS[owner]
        return limit - 1 if name == "MAX_VALUE" else -limit
    raise NotReadError


def _call(tree: Call) -> Any:
    owner = tree.target.text if isinstance(tree.target, Name) else None
    name = f"{owner}.{tree.name}" if owner else tree.name
    found = tree.arguments
    if name in _LISTS or (tree.new and tree.name == "array"):
        return [value(part) for part in found]
    match name:
        case "ImmutableList.copyOf" | "Collections.singletonList" | "singletonList":
            return value(found[0]) if name.endswith("copyOf") else [value(found[0])]
        case "emptyList" | "Collections.emptyList":
            return []
        case "ImmutableMap.of" | "Map.of" | "emptyMap":
            return {_key(value(k)): value(v) for k, v in zip(found[::2], found[1::2], strict=True)}
        case "asMap":
            return dict(zip(map(_key, value(found[0])), value(found[1]), strict=True))
        case "Collections.nCopies":
            return [value(found[1])] * value(found[0])
        case "decimal":
            digits, size = value(found[0]).replace(".", ""), found[1].arguments
            return Decimal(f"{digits}E-{size[1].value if len(size) > 1 else 0}")  # an operation would round it
        case "padRight":
            return value(found[0]).ljust(value(found[1]))
        case "timestampWithTimeZone" if isinstance(found[-1], Call):
            moment, zone = _timestamp([value(part) for part in found[:-1]]), value(found[-1].arguments[0])
            digits = max(value(found[0]), 3)
            return f"{moment:%Y-%m-%d %H:%M:%S.%f}"[: digits - 6 or None] + f" {zone}"
        case "sqlVarbinary" | "varbinary" if len(found) == 1 and isinstance(found[0], Literal):
            return value(found[0]).encode()
        case "sqlVarbinary" | "varbinary":
            return bytes(value(part) & 255 for part in found)
        case "sqlVarbinaryFromHex":
            return bytes.fromhex(value(found[0]))
        case "timestamp":
            return _timestamp([value(part) for part in found])
        case "Float.valueOf" | "Double.valueOf" | "Long.valueOf" | "Integer.valueOf":
            return value(found[0])
    raise NotReadError


def _key(found: Any) -> Any:
    return tuple(found) if isinstance(found, list) else found


def _timestamp(parts: list[int]) -> datetime:
    _, year, month, day, hour, minute, second, picoseconds = (*parts, 0)[:8] if len(parts) == 7 else parts
    if not 1 <= year <= 9999 or picoseconds % 1_000_000:
        raise NotReadError
    return datetime(year, month, day, hour, minute, second, picoseconds // 1_000_000)


def _float(found: float) -> float:
    """Return the nearest number of 32 bits."""
    return float(struct.unpack("f", struct.pack("f", found))[0])


def same(ours: Any, expected: Any) -> bool:
    """Return whether a value of DuckDB is an expected value; NaN is like itself, maps have no order."""
    if isinstance(expected, dict):
        pairs = _pairs(ours)
        return pairs is not None and len(pairs) == len(expected) and all(_has(expected, k, v) for k, v in pairs)
    if isinstance(expected, list | tuple):
        found = list(ours.values()) if isinstance(ours, dict) else ours
        return isinstance(found, list | tuple) and len(found) == len(expected) and all(map(same, found, expected))
    if ours is None or expected is None:
        return ours is expected
    if isinstance(expected, bool) or isinstance(ours, bool):
        return ours is expected
    if isinstance(expected, float) and isinstance(ours, int | float | Decimal):
        return (math.isnan(expected) and math.isnan(ours)) or float(ours) == expected
    if isinstance(expected, str) and isinstance(ours, date | datetime | timedelta | bytes | Decimal | int | float):
        raise NotReadError
    if isinstance(expected, int | Decimal) and isinstance(ours, int | float | Decimal):
        return ours == expected
    if isinstance(expected, datetime) and isinstance(ours, datetime) and ours.tzinfo:
        return ours.astimezone(UTC).replace(tzinfo=None) == expected
    if isinstance(ours, timedelta | date) and not isinstance(expected, datetime):
        raise NotReadError
    return bool(ours == expected)


def _pairs(ours: Any) -> list[tuple[Any, Any]] | None:
    if not isinstance(ours, dict):
        return None
    if list(ours) == ["key", "value"] and all(isinstance(side, list) for side in ours.values()):
        return list(zip(*ours.values(), strict=True))  # a map whose keys Python cannot hash
    return list(ours.items())


def _has(expected: dict[Any, Any], key: Any, found: Any) -> bool:
    return any(same(key, k) and same(found, v) for k, v in expected.items())


TYPES: dict[str, Callable[..., str]] = {
    "createTimestampType": "timestamp({})".format,
    "createTimestampWithTimeZoneType": "timestamp({}) with time zone".format,
    "createTimeType": "time({})".format,
    "createVarcharType": "varchar({})".format,
    "createCharType": "char({})".format,
    "createDecimalType": lambda precision, scale=0: f"decimal({precision},{scale})",
    "ArrayType": "array({})".format,
    "MapType": "map({}, {})".format,
    "mapType": "map({}, {})".format,
}


def type_name(tree: Any) -> str | None:
    """Return Trino's name of a type that a test names; None for one that this module does not know."""
    if isinstance(tree, Name):
        name = tree.text.rpartition(".")[2]
        simple = ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "VARCHAR", "VARBINARY")
        return name.lower() if name in (*simple, "DATE", "JSON", "UUID", "UNKNOWN") else None
    if isinstance(tree, Call) and tree.name in TYPES:
        parts = [p.value if isinstance(p, Literal) else type_name(p) for p in tree.arguments]
        if None not in parts:
            return TYPES[tree.name](*parts[:2])
    return None
