"""The types of contracts for the types of Arrow, which Parquet and Avro files have."""

from collections.abc import Mapping

import pyarrow as pa

from lakehouse.contracts.odcs.columns import NAME
from lakehouse.drafting.document import Line
from lakehouse.drafting.observed import Place

_INTEGERS = {pa.int8(): "smallint", pa.int16(): "smallint", pa.uint8(): "smallint", pa.int32(): "int",
             pa.uint16(): "int", pa.int64(): "bigint", pa.uint32(): "bigint", pa.uint64(): "bigint unsigned",
}  # fmt: skip
_WIDER = ("smallint", "int", "bigint", "bigint unsigned")
_MOST = 38


def arrow_type(seen: Mapping[pa.DataType, Place]) -> tuple[list[Line], list[str]]:
    """Return the lines of a column's type, and notes.

    Args:
        seen: the types that the files have of it, with the first place of each; not all are text.
    """
    proposals: dict[str, list[Line]] = {}
    for type_ in seen:
        if not pa.types.is_null(type_):
            lines = _lines(type_)
            proposals.setdefault(repr(lines), lines)
    if len(proposals) == 1:
        return next(iter(proposals.values())), []
    decimals = [type_ for type_ in seen if pa.types.is_decimal(type_)]
    scale = max((type_.scale for type_ in decimals), default=0)
    digits = max((type_.precision - type_.scale for type_ in decimals), default=0) + scale
    note = "the files have different types: " + ", ".join(f"{type_} ({place})" for type_, place in seen.items())
    physical = [str(line.value) for lines in proposals.values() for line in lines if line.key == "physicalType"]
    if len(physical) == len(proposals) and {*physical} <= {*_WIDER[:3]}:
        widest = max(physical, key=_WIDER.index)
        return [Line("logicalType", "integer"), Line("physicalType", widest)], [note]
    if {*physical} == {"real", "double"}:
        return [Line("logicalType", "number"), Line("physicalType", "double")], [note]
    if len(decimals) == sum(not pa.types.is_null(type_) for type_ in seen) and digits <= _MOST:
        return [Line("logicalType", "number"), Line("physicalType", f"decimal({digits},{scale})")], [note]
    return [Line("logicalType", "string")], [note]


def _lines(type_: pa.DataType) -> list[Line]:
    if pa.types.is_dictionary(type_):
        return _lines(type_.value_type)
    if type_ in _INTEGERS:
        return [Line("logicalType", "integer"), Line("physicalType", _INTEGERS[type_])]
    if pa.types.is_float16(type_) or pa.types.is_float32(type_):
        return [Line("logicalType", "number"), Line("physicalType", "real")]
    if pa.types.is_float64(type_):
        return [Line("logicalType", "number"), Line("physicalType", "double")]
    if pa.types.is_decimal(type_):
        if 0 <= type_.scale <= type_.precision <= _MOST:
            return [Line("logicalType", "number"), Line("physicalType", f"decimal({type_.precision},{type_.scale})")]
        why = f"{type_}: no decimal of at most {_MOST} digits holds it"
        return [Line("logicalType", "string"), Line("physicalType", "text", why)]
    if pa.types.is_boolean(type_):
        return [Line("logicalType", "boolean")]
    if pa.types.is_date(type_):
        return [Line("logicalType", "date")]
    if pa.types.is_timestamp(type_):
        why = "" if type_.tz else "the file has no time zone: read as UTC"
        return [Line("logicalType", "timestamp", why)]
    if pa.types.is_time(type_):
        return [Line("logicalType", "time")]
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_):
        return [Line("logicalType", "string"), Line("physicalType", "bytea")]
    return _nested(type_) or [Line("logicalType", "string")]


def _nested(type_: pa.DataType) -> list[Line] | None:
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_):
        inner = _inner(type_.value_type)
        if inner is not None:
            return [Line("logicalType", "array"), Line("items", inner)]
        return [Line("logicalType", "array", "kept as JSON"), Line("physicalType", "json")]
    if pa.types.is_struct(type_):
        fields = [(field.name, _inner(field.type)) for field in type_]
        if fields and all(inner is not None and NAME.fullmatch(name) for name, inner in fields):
            return [
                Line("logicalType", "object"),
                Line("properties", [{"name": name, **(inner or {})} for name, inner in fields]),
            ]
        return [Line("logicalType", "object", "kept as JSON"), Line("physicalType", "json")]
    if pa.types.is_map(type_):
        return [Line("logicalType", "object", "a map, kept as JSON"), Line("physicalType", "json")]
    return None


def _inner(type_: pa.DataType) -> dict[str, object] | None:
    """Return the type within a list or struct; None if it cannot be written there."""
    lines = _lines(type_)
    if any(line.value == "json" for line in lines) or pa.types.is_null(type_):
        return None
    return {line.key: line.value for line in lines}
