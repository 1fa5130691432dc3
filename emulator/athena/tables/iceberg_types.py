"""Types of Iceberg columns and Athena's types for them."""

import itertools
from collections.abc import Iterator

from pyiceberg import types as iceberg
from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_types, type_names


def from_iceberg(kind: IcebergType) -> DataType:
    """Return Athena's type of an Iceberg column."""
    match kind:
        case iceberg.DecimalType():
            return sql_types.decimal(kind.precision, kind.scale)
        case iceberg.ListType():
            return sql_types.array(from_iceberg(kind.element_type))
        case iceberg.MapType():
            return sql_types.mapping(from_iceberg(kind.key_type), from_iceberg(kind.value_type))
        case iceberg.StructType():
            return sql_types.row([(field.name, from_iceberg(field.field_type)) for field in kind.fields])
        case iceberg.FixedType():
            return sql_types.VARBINARY
    return _FROM_ICEBERG[type(kind)]


_FROM_ICEBERG: dict[type, DataType] = {
    iceberg.BooleanType: sql_types.BOOLEAN,
    iceberg.IntegerType: sql_types.INT,
    iceberg.LongType: sql_types.BIGINT,
    iceberg.FloatType: sql_types.typed(DType.FLOAT),
    iceberg.DoubleType: sql_types.DOUBLE,
    iceberg.DateType: sql_types.DATE,
    iceberg.TimeType: sql_types.typed(DType.TIME, 6),
    iceberg.TimestampType: sql_types.timestamp(6),
    iceberg.TimestamptzType: sql_types.timestamp_tz(6),
    iceberg.StringType: sql_types.VARCHAR,
    iceberg.UUIDType: sql_types.typed(DType.UUID),
    iceberg.BinaryType: sql_types.VARBINARY,
}
_TO_ICEBERG: dict[DType, IcebergType] = {
    DType.BOOLEAN: iceberg.BooleanType(),
    DType.INT: iceberg.IntegerType(),
    DType.BIGINT: iceberg.LongType(),
    DType.FLOAT: iceberg.FloatType(),
    DType.DOUBLE: iceberg.DoubleType(),
    DType.DATE: iceberg.DateType(),
    DType.TIME: iceberg.TimeType(),
    DType.TIMESTAMP: iceberg.TimestampType(),
    DType.TIMESTAMPTZ: iceberg.TimestamptzType(),
    DType.VARCHAR: iceberg.StringType(),
    DType.UUID: iceberg.UUIDType(),
    DType.VARBINARY: iceberg.BinaryType(),
}


def to_iceberg(dt: DataType, *, ids: Iterator[int]) -> IcebergType:
    """Return the Iceberg type of a column.

    Args:
        dt: Athena's type.
        ids: ids for nested fields.

    Raises:
        ValueError: Iceberg has no such type.
    """
    parts = dt.expressions
    match dt.this:
        case DType.DECIMAL:
            return iceberg.DecimalType(*sql_types.precision_scale(dt))
        case DType.ARRAY:
            return iceberg.ListType(
                element_id=next(ids), element_type=to_iceberg(parts[0], ids=ids), element_required=False
            )
        case DType.MAP:
            return iceberg.MapType(
                key_id=next(ids),
                key_type=to_iceberg(parts[0], ids=ids),
                value_id=next(ids),
                value_type=to_iceberg(parts[1], ids=ids),
                value_required=False,
            )
        case DType.STRUCT:
            fields = [
                iceberg.NestedField(field_id=next(ids), name=name, field_type=to_iceberg(part, ids=ids), required=False)
                for name, part in sql_types.named_fields(dt)
            ]
            return iceberg.StructType(*fields)
    if dt.this not in _TO_ICEBERG:
        raise ValueError(f"Type not supported for Iceberg: {type_names.trino_name(dt)}")
    return _TO_ICEBERG[dt.this]


def schema(columns: list[tuple[str, DataType, str]]) -> Schema:
    """Return the schema of a new table.

    Args:
        columns: name, type and comment (empty for none) of each column.

    Raises:
        ValueError: Iceberg has no such type.
    """
    ids = itertools.count(1)
    return Schema(
        *(
            iceberg.NestedField(
                field_id=next(ids), name=name, field_type=to_iceberg(dt, ids=ids), required=False, doc=comment or None
            )
            for name, dt, comment in columns
        )
    )
