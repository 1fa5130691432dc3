"""Evolve the columns of a published table to those of a candidate, by name, so that the table keeps its history."""

from collections.abc import Mapping
from itertools import pairwise

from pyiceberg.exceptions import ResolveError
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema, index_name_by_id, promote
from pyiceberg.table import Transaction
from pyiceberg.types import IcebergType, ListType, MapType, NestedField, PrimitiveType, StructType


class EvolutionError(Exception):
    """The columns of a table cannot become those of its candidate."""


def shapes(schema: Schema) -> list[tuple[str, str]]:
    """Return name and type of each column, in order, without the ids of fields."""
    return [(field.name, _shape(field.field_type)) for field in schema.fields]


def ids(schema: Schema) -> Mapping[int, str]:
    """Return the name of each field, also of those inside structs, lists and maps, by its id."""
    return index_name_by_id(schema)


def partitioning(schema: Schema, spec: PartitionSpec) -> list[tuple[str | None, str]]:
    """Return source column and transform of each partition field."""
    return [(schema.find_column_name(field.source_id), str(field.transform)) for field in spec.fields]


def evolve(transaction: Transaction, candidate: Schema) -> None:
    """Give a table the columns of a candidate: dropped, added, widened and in its order.

    A column whose type changed in a way that Iceberg does not allow is dropped, and a new one has its name. Earlier
    snapshots keep the columns that they had.

    Raises:
        EvolutionError: the table is partitioned by a column that would be dropped.
    """
    present = transaction.table_metadata.schema()
    if shapes(present) == shapes(candidate):
        return
    expected = {field.name: field for field in candidate.fields}
    kept = [field for field in present.fields if field.name in expected and _fits(field, expected[field.name])]
    dropped = [field for field in present.fields if field not in kept]
    sources = {field.source_id for field in transaction.table_metadata.spec().fields}
    if partitions := [field.name for field in dropped if field.field_id in sources]:
        raise EvolutionError(
            f"it is partitioned by {', '.join(partitions)}, which would be dropped or get another type"
        )
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        for field in dropped:
            update.delete_column((field.name,))
        for field in kept:
            wanted = expected[field.name].field_type
            if isinstance(wanted, PrimitiveType) and wanted != field.field_type:
                update.update_column((field.name,), field_type=wanted)
    # In a step of its own, because a name could still be that of the dropped column.
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        names = {field.name for field in kept}
        for name, field in expected.items():
            if name not in names:
                update.add_column((name,), field.field_type)
        order = list(expected)
        update.move_first((order[0],))
        for previous, name in pairwise(order):
            update.move_after((name,), (previous,))


def _fits(present: NestedField, wanted: NestedField) -> bool:
    """Return whether a column stays the same one: its type is the same, or Iceberg lets it become a wider one."""
    return _shape(present.field_type) == _shape(wanted.field_type) or _wider(present.field_type, wanted)


def _wider(present: IcebergType, other: NestedField) -> bool:
    """Return whether Iceberg lets a column of one type become one of another type."""
    wanted = other.field_type
    if not isinstance(present, PrimitiveType) or not isinstance(wanted, PrimitiveType):
        return False
    try:
        return bool(promote(present, wanted) == wanted)
    except ResolveError:
        return False


def _shape(of_type: IcebergType) -> str:
    match of_type:
        case StructType():
            return f"struct<{', '.join(f'{field.name}: {_shape(field.field_type)}' for field in of_type.fields)}>"
        case ListType():
            return f"list<{_shape(of_type.element_type)}>"
        case MapType():
            return f"map<{_shape(of_type.key_type)}, {_shape(of_type.value_type)}>"
        case _:
            return str(of_type)
