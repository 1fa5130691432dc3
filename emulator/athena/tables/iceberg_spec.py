"""Partition specs from transforms as Athena's DDL (`bucket(16, id)`) or CTAS (`bucket(id, 16)`) writes them."""

import re
from typing import Any

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)

from emulator.athena.runtime.errors import AthenaError

_PERIODS = {"year": YearTransform, "month": MonthTransform, "day": DayTransform, "hour": HourTransform}
_TRANSFORM = re.compile(r"(\w+)\s*\(\s*([^,()]+?)\s*(?:,\s*([^,()]+?)\s*)?\)")


def partition_spec(schema: Schema, transforms: list[str]) -> PartitionSpec:
    """Return the partition spec of a new table.

    Raises:
        AthenaError: a transform or its column is unknown, or the transform does not apply to the column's type.
    """
    fields = []
    for index, text in enumerate(transforms):
        column, suffix, transform = _parse(text)
        try:
            source = schema.find_field(column, case_sensitive=False)
        except ValueError:
            raise AthenaError(
                "INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: Cannot find source column: {column}"
            ) from None
        if not transform.can_transform(source.field_type):
            raise AthenaError(
                "INVALID_TABLE_PROPERTY",
                f"Unable to parse partitioning value: {text} of a column of type {source.field_type}",
            )
        fields.append(
            PartitionField(
                source_id=source.field_id, field_id=1000 + index, transform=transform, name=f"{source.name}{suffix}"
            )
        )
    return PartitionSpec(*fields)


def _parse(text: str) -> tuple[str, str, Transform[Any, Any]]:
    """Return column, suffix of the partition field's name, and transform."""
    match = _TRANSFORM.fullmatch(text.strip())
    if match is None:
        return text.strip().strip('"`').lower(), "", IdentityTransform()
    name, first, second = match[1].lower(), match[2].strip('"`'), (match[3] or "").strip('"`')
    if name in _PERIODS and not second:
        return first.lower(), f"_{name}", _PERIODS[name]()
    number, column = (first, second) if first.isdigit() else (second, first)
    if name == "bucket" and number.isdigit():
        return column.lower(), "_bucket", BucketTransform(int(number))
    if name == "truncate" and number.isdigit():
        return column.lower(), "_trunc", TruncateTransform(int(number))
    raise AthenaError("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: {text}")
