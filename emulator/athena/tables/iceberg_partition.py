"""Rows of a partitioned Iceberg table, split by partition.

PyIceberg computes transforms of Arrow columns with a native library that the emulator does not need: pyarrow computes
the periods, and PyIceberg's own function of a value computes `bucket` and `truncate`, once for each distinct value.
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.partitioning import PartitionField, PartitionFieldValue, PartitionKey, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.types import IcebergType

from emulator.athena.runtime.errors import not_supported

_HOUR_MICROSECONDS = 3_600_000_000


def split(rows: pa.Table, *, spec: PartitionSpec, schema: Schema) -> Iterator[tuple[PartitionKey | None, pa.Table]]:
    """Yield each partition's key (None for a table without partitions) and rows.

    Args:
        rows: rows in the table's Arrow types and order of columns.
        spec: partition spec of the table.
        schema: schema of the table.
    """
    if spec.is_unpartitioned():
        yield None, rows
        return
    keys = pa.table([_values(rows, field, schema) for field in spec.fields], names=[f.name for f in spec.fields])
    for key in keys.group_by(keys.column_names).aggregate([]).to_pylist():
        mask = _same(keys, key)
        values = [PartitionFieldValue(field=field, value=key[field.name]) for field in spec.fields]
        yield PartitionKey(field_values=values, partition_spec=spec, schema=schema), rows.filter(mask)


def _same(keys: pa.Table, key: dict[str, object]) -> pa.ChunkedArray:
    mask = None
    for name, value in key.items():
        column = keys[name]
        hits = pc.is_null(column) if value is None else _equal(column, value)
        mask = hits if mask is None else pc.and_(mask, hits)
    return mask


def _equal(column: pa.ChunkedArray, value: object) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(column, pa.scalar(value, column.type)), False)


def _values(rows: pa.Table, field: PartitionField, schema: Schema) -> pa.ChunkedArray:
    source = schema.find_field(field.source_id)
    name = schema.find_column_name(field.source_id) or source.name
    if name not in rows.column_names:
        raise not_supported(f"partitioning by the nested column {name}")
    return transform(rows[name], field, source.field_type)


def transform(column: pa.ChunkedArray, field: PartitionField, kind: IcebergType) -> pa.ChunkedArray:
    """Return a partition field's values for a column, as Iceberg's specification defines them."""
    match field.transform:
        case IdentityTransform():
            return column
        case YearTransform():
            return pc.cast(pc.subtract(pc.year(column), 1970), pa.int32())
        case MonthTransform():
            months = pc.add(pc.multiply(pc.subtract(pc.year(column), 1970), 12), pc.subtract(pc.month(column), 1))
            return pc.cast(months, pa.int32())
        case DayTransform():
            if not pa.types.is_date(column.type):
                column = pc.cast(pc.floor_temporal(column, unit="day"), pa.date32())
            return pc.cast(column, pa.int32())
        case HourTransform():
            start = pc.cast(pc.floor_temporal(column, unit="hour"), pa.int64())
            return pc.cast(pc.divide(start, _HOUR_MICROSECONDS), pa.int32())
        case TruncateTransform() | BucketTransform():
            return _transform_distinct(column, field, kind)
    raise not_supported(f"partition transform {field.transform}")


def _transform_distinct(column: pa.ChunkedArray, field: PartitionField, kind: IcebergType) -> pa.ChunkedArray:
    """Return PyIceberg's transform of a column, computed once for each distinct value."""
    function = field.transform.transform(kind)
    encoded = pc.dictionary_encode(column).combine_chunks()
    dictionary, indices = encoded.dictionary, encoded.indices
    physical = _physical(dictionary).to_pylist()
    results = pa.array([function(value) for value in physical])
    return pa.chunked_array([results.take(indices)])


def _physical(values: pa.Array) -> pa.Array:
    """Return dates and timestamps as the numbers that Iceberg hashes, other values unchanged."""
    if pa.types.is_date32(values.type):
        return values.cast(pa.int32())
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us", values.type.tz)).cast(pa.int64())
    return values
