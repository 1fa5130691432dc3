"""Parquet types that DMS writes for PostgreSQL's types, and conversion of PostgreSQL's text form to Arrow arrays.

Source: AWS DMS user guide, "Source data types for PostgreSQL" and "Target data types for S3 Parquet".
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

UNCONSTRAINED_NUMERIC = (28, 6)

_BYTEA, _TIME, _TIMESTAMPTZ, _BOOLEAN, _NUMERIC = 17, 1083, 1184, 16, 1700
_SIMPLE = {
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    26: pa.int64(),  # oid
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    _BYTEA: pa.binary(),
    _TIME: pa.time32("ms"),
    _TIMESTAMPTZ: pa.timestamp("us"),
}

Text = bytes | str | None

UNFIT = (ValueError, OverflowError, pa.ArrowNotImplementedError)
"""What the conversion of a value that its type cannot represent raises; `pyarrow.ArrowInvalid` is a ValueError."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The Parquet type of a column.

    Attributes:
        arrow: the type.
        array: converts values in PostgreSQL's text form to an array; raises one of `UNFIT` for a value that the type
            cannot represent.
    """

    arrow: pa.DataType
    array: Callable[[Sequence[Text]], pa.Array]

    def unfit(self, values: Sequence[Text]) -> list[int]:
        """Return the positions of values that the type cannot represent."""
        return [] if self._fits(values) else [i for i, value in enumerate(values) if not self._fits([value])]

    def _fits(self, values: Sequence[Text]) -> bool:
        try:
            self.array(values)
        except UNFIT:
            return False
        return True

    def as_text(self, values: Sequence[Text]) -> pa.Array:
        """Return any values as text: PostgreSQL's, but base64 for bytes and `true` or `false` for booleans."""
        if pa.types.is_boolean(self.arrow):
            return self.array(values).cast(pa.string())
        if pa.types.is_binary(self.arrow):
            bytes_ = self.array(values).to_pylist()
            return pa.array([None if value is None else base64.b64encode(value).decode() for value in bytes_])
        if pa.types.is_string(self.arrow) and self._fits(values):
            return self.array(values)
        # Not safe: a database of the encoding SQL_ASCII can have bytes that are no UTF-8; its readers reject them.
        return pa.array(values, pa.binary()).cast(pa.string(), safe=False)


def column_type(type_oid: int, modifier: int, *, booleans: bool) -> ColumnType:
    """Return the type that DMS writes for a column.

    Args:
        type_oid: object id of the type; values of types without a Parquet type are written as text.
        modifier: PostgreSQL's type modifier, such as a numeric's precision and scale; -1 for none.
        booleans: whether booleans are written as booleans (`MapBooleanAsBoolean`) or as the text `true` or `false`.
    """
    if type_oid == _NUMERIC:
        return _numeric(modifier)
    if type_oid == _BOOLEAN:
        return ColumnType(pa.bool_(), _to_boolean) if booleans else ColumnType(pa.string(), _to_boolean_text)
    arrow = _SIMPLE.get(type_oid, pa.string())
    special = {_BYTEA: _to_binary, _TIME: _to_time, _TIMESTAMPTZ: _to_utc}.get(type_oid)
    return ColumnType(arrow, special or _cast_to(arrow))


def _numeric(modifier: int) -> ColumnType:
    precision, scale = UNCONSTRAINED_NUMERIC
    if modifier >= 4:
        precision = (modifier - 4) >> 16
        scale = ((modifier - 4) & 0x7FF ^ 0x400) - 0x400  # 11 bits with a sign
    arrow = pa.decimal128(precision, scale) if 0 <= scale <= precision <= 38 else pa.string()
    return ColumnType(arrow, _cast_to(arrow))


@cache
def _cast_to(arrow: pa.DataType) -> Callable[[Sequence[Text]], pa.Array]:
    return lambda values: pa.array(values, pa.string()).cast(arrow)


def _to_boolean(values: Sequence[Text]) -> pa.Array:
    return pc.equal(pa.array(values, pa.string()), "t")


def _to_boolean_text(values: Sequence[Text]) -> pa.Array:
    return pc.if_else(_to_boolean(values), "true", "false")


def _to_binary(values: Sequence[Text]) -> pa.Array:
    texts = (value.decode() if isinstance(value, bytes) else value for value in values)
    return pa.array([text if text is None else bytes.fromhex(text.removeprefix("\\x")) for text in texts], pa.binary())


def _to_time(values: Sequence[Text]) -> pa.Array:
    # Arrow parses no time of day alone; DMS writes milliseconds.
    on_a_day = pc.binary_join_element_wise("1970-01-01", pa.array(values, pa.string()), " ")
    return on_a_day.cast(pa.timestamp("us")).cast(pa.time32("ms"), safe=False)


def _to_utc(values: Sequence[Text]) -> pa.Array:
    return pa.array(values, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
