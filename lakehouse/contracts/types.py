"""Types of columns, and their equivalents in Iceberg, Arrow, Spark and Glue.

Only types that every engine stores and reads alike are here. Others are therefore stored as one of these:

- `time` is a string `HH:MM:SS[.ffffff]`. Spark has no such type before 4.1, Glue and Athena cannot read an Iceberg
  `time`, and strings of this format sort like times.
- `uuid` and `json` are strings: Spark and Athena have neither.
- A timestamp, with or without a time zone, is an instant in UTC with microseconds (Iceberg `timestamptz`). Spark,
  Sail, DuckDB and Athena agree on it. They differ on timestamps without a zone, and joins of both kinds are wrong.

Constraints of a source's type, such as the length of varchar(3), are not part of the type: see
`lakehouse.contracts.odcs.source_types`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import NamedTuple

import pyarrow as pa
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    StructType,
    TimestamptzType,
)

from lakehouse.errors import LakehouseError

MAX_DECIMAL_PRECISION = 38


class Kind(StrEnum):
    """Kinds of values that columns hold, named as in the Iceberg spec."""

    STRING = "string"
    BOOLEAN = "boolean"
    INT = "int"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    BINARY = "binary"
    LIST = "list"
    STRUCT = "struct"


class _Scalar(NamedTuple):
    iceberg: PrimitiveType
    arrow: pa.DataType
    spark: str


# Glue and Athena DDL use Spark's names for all of these (Hive types).
_SCALARS: dict[Kind, _Scalar] = {
    Kind.STRING: _Scalar(StringType(), pa.string(), "string"),
    Kind.BOOLEAN: _Scalar(BooleanType(), pa.bool_(), "boolean"),
    Kind.INT: _Scalar(IntegerType(), pa.int32(), "int"),
    Kind.LONG: _Scalar(LongType(), pa.int64(), "bigint"),
    Kind.FLOAT: _Scalar(FloatType(), pa.float32(), "float"),
    Kind.DOUBLE: _Scalar(DoubleType(), pa.float64(), "double"),
    Kind.DATE: _Scalar(DateType(), pa.date32(), "date"),
    Kind.TIMESTAMP: _Scalar(TimestamptzType(), pa.timestamp("us", tz="UTC"), "timestamp"),
    Kind.BINARY: _Scalar(BinaryType(), pa.binary(), "binary"),
}
_KIND_OF_ICEBERG = {scalar.iceberg: kind for kind, scalar in _SCALARS.items()}

# Iceberg spec, "Schema Evolution": the promotions that format version 2 allows, in addition to decimal precision.
_PROMOTIONS = {Kind.INT: Kind.LONG, Kind.FLOAT: Kind.DOUBLE}


@dataclass(frozen=True, slots=True)
class Type:
    """Type of a column; hashable; `str` writes it as the Iceberg spec does.

    Attributes:
        kind: kind of its values.
        precision: digits of a decimal, 1 to 38.
        scale: digits of a decimal after the point, 0 to its precision.
        element: type of a list's elements.
        fields: names and types of a struct's fields, in order.
    """

    kind: Kind
    precision: int = 0
    scale: int = 0
    element: "Type | None" = None
    fields: tuple[tuple[str, "Type"], ...] = ()

    @property
    def iceberg(self) -> IcebergType:
        """PyIceberg type; its field ids are placeholders that PyIceberg replaces when it creates or evolves a table."""
        return self.iceberg_with(ids=count(1).__next__)

    def iceberg_with(self, *, ids: Callable[[], int]) -> IcebergType:
        """Return the PyIceberg type with field ids from `ids`, which must not repeat within a schema."""
        if self.kind is Kind.DECIMAL:
            return DecimalType(self.precision, self.scale)
        if self.element is not None:
            return ListType(element_id=ids(), element_type=self.element.iceberg_with(ids=ids), element_required=False)
        if self.kind is Kind.STRUCT:
            return StructType(
                *(
                    NestedField(field_id=ids(), name=name, field_type=type_.iceberg_with(ids=ids))
                    for name, type_ in self.fields
                )
            )
        return _SCALARS[self.kind].iceberg

    @property
    def arrow(self) -> pa.DataType:
        """PyArrow type."""
        if self.kind is Kind.DECIMAL:
            return pa.decimal128(self.precision, self.scale)
        if self.element is not None:
            return pa.list_(self.element.arrow)
        if self.kind is Kind.STRUCT:
            return pa.struct([pa.field(name, type_.arrow) for name, type_ in self.fields])
        return _SCALARS[self.kind].arrow

    @property
    def spark(self) -> str:
        """Spark DDL, e.g. `array<decimal(10,2)>`."""
        return self._hive(quote="`")

    @property
    def glue(self) -> str:
        """Hive type in the Glue Data Catalog and Athena DDL, with field names unquoted."""
        return self._hive(quote="")

    def _hive(self, *, quote: str) -> str:
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.precision},{self.scale})"
        if self.element is not None:
            return f"array<{self.element._hive(quote=quote)}>"
        if self.kind is Kind.STRUCT:
            fields = (f"{quote}{name}{quote}:{type_._hive(quote=quote)}" for name, type_ in self.fields)
            return f"struct<{','.join(fields)}>"
        return _SCALARS[self.kind].spark

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.precision},{self.scale})"
        if self.element is not None:
            return f"list<{self.element}>"
        if self.kind is Kind.STRUCT:
            return f"struct<{', '.join(f'{name}: {type_}' for name, type_ in self.fields)}>"
        return self.kind.value


STRING = Type(Kind.STRING)
BOOLEAN = Type(Kind.BOOLEAN)
INT = Type(Kind.INT)
LONG = Type(Kind.LONG)
FLOAT = Type(Kind.FLOAT)
DOUBLE = Type(Kind.DOUBLE)
DATE = Type(Kind.DATE)
TIMESTAMP = Type(Kind.TIMESTAMP)
BINARY = Type(Kind.BINARY)


def decimal(precision: int, scale: int) -> Type:
    """Return a decimal type of `precision` digits in all, `scale` of them after the point.

    Raises:
        LakehouseError: no engine stores a decimal of these digits.
    """
    if not (1 <= precision <= MAX_DECIMAL_PRECISION and 0 <= scale <= precision):
        raise LakehouseError(
            f"decimal({precision},{scale}) does not exist: "
            f"use 1 to {MAX_DECIMAL_PRECISION} digits in all, and 0 to all of them after the point"
        )
    return Type(Kind.DECIMAL, precision=precision, scale=scale)


def list_of(element: Type) -> Type:
    """Return the type of lists of an element type."""
    return Type(Kind.LIST, element=element)


def struct_of(fields: dict[str, Type]) -> Type:
    """Return a struct type of named fields, in the order of `fields`."""
    return Type(Kind.STRUCT, fields=tuple(fields.items()))


def from_iceberg(type_: IcebergType) -> Type:
    """Return the type of a column in an existing table.

    Raises:
        LakehouseError: no contract can have this type, so another tool created the column.
    """
    match type_:
        case DecimalType():
            return decimal(type_.precision, type_.scale)
        case ListType():
            return list_of(from_iceberg(type_.element_type))
        case StructType():
            return struct_of({field.name: from_iceberg(field.field_type) for field in type_.fields})
        case PrimitiveType() if type_ in _KIND_OF_ICEBERG:
            return Type(_KIND_OF_ICEBERG[type_])
    raise LakehouseError(f"Iceberg type {type_} cannot be written in a contract")


def can_widen(old: Type, new: Type) -> bool:
    """Return whether a table's column can become `new` without rewriting data and without changing any value in it.

    Widening is a partial order: every type widens to itself. Besides the promotions of scalars, a list widens with its
    element, and a struct with its fields; a struct may also gain fields at its end.

    Source: Iceberg spec, "Schema Evolution", format version 2.
    """
    if old == new or _PROMOTIONS.get(old.kind) is new.kind:
        return True
    if old.kind is not new.kind:
        return False
    if old.kind is Kind.DECIMAL:
        return old.scale == new.scale and old.precision <= new.precision
    if old.element is not None and new.element is not None:
        return can_widen(old.element, new.element)
    return len(old.fields) <= len(new.fields) and all(
        name == new_name and can_widen(type_, new_type)
        for (name, type_), (new_name, new_type) in zip(old.fields, new.fields, strict=False)
    )
