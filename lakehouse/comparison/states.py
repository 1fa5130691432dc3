"""States of a table, the columns of two of them, and the data files that only one of them has.

Iceberg identifies columns by ids: a renamed column keeps its id, and a column that was dropped and added again is
another column. A column that was added later is null in all rows of an earlier state.

Source: Iceberg spec, "Schema Evolution".
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.exceptions import ResolveError
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema, promote
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import IcebergType, NestedField, PrimitiveType

from lakehouse.errors import LakehouseError


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The rows of a snapshot, read with some schema.

    Attributes:
        snapshot: the snapshot; None for a table without rows.
        schema: the schema with which the rows are read.
    """

    snapshot: Snapshot | None
    schema: Schema

    @classmethod
    def of(cls, table: Table, snapshot: Snapshot | None) -> "State":
        """Return a snapshot with the schema that the table had when it was committed."""
        number = None if snapshot is None else snapshot.schema_id
        schema = table.schema() if number is None else table.schemas().get(number, table.schema())
        return cls(snapshot=snapshot, schema=schema)

    @property
    def number(self) -> int:
        """Place of the snapshot in the order of commits."""
        return (self.snapshot and self.snapshot.sequence_number) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that at least one of two states has.

    Attributes:
        name: its name in the new state, or in the old one if it was dropped; unique.
        old, new: the field of each state; None if the state lacks it.
        type: type of its values that holds the values of both states; nested values are compared as text.
        names: names of nested fields by id.
    """

    name: str
    old: NestedField | None
    new: NestedField | None
    type: pa.DataType
    names: Mapping[int, str]

    @property
    def field_id(self) -> int:
        """Iceberg's id of the column."""
        field = self.new or self.old
        assert field is not None
        return field.field_id

    @property
    def change(self) -> str:
        """How the column itself differs between the states; "" if it does not."""
        if self.old is None and self.new is not None:
            return f"column {self.new.name} {self.new.field_type} was added"
        if self.new is None or self.old is None:
            return f"column {self.name} was dropped"
        parts = []
        if self.old.name != self.new.name:
            parts.append(f"column {self.old.name} was renamed to {self.new.name}")
        if self.old.field_type != self.new.field_type:
            parts.append(f"column {self.new.name}: {self.old.field_type} -> {self.new.field_type}")
        return "; ".join(parts)


def columns(old: Schema, new: Schema) -> list[Column]:
    """Return the columns of two schemas, those of the new one first.

    Raises:
        LakehouseError: a column has types that cannot be compared.
    """
    before, after = ({field.field_id: field for field in schema.fields} for schema in (old, new))
    names = {field.name for field in new.fields}
    nested = {
        field_id: str(schema.find_column_name(field_id)).rpartition(".")[2]
        for schema in (old, new)
        for field_id in schema.field_ids
    }
    found = []
    for field_id in [*after, *(field_id for field_id in before if field_id not in after)]:
        one, other = before.get(field_id), after.get(field_id)
        field = other or one
        assert field is not None
        # A column that was dropped and added again under its name would otherwise occur twice.
        name = f"{field.name} (dropped)" if other is None and field.name in names else field.name
        types = [side.field_type for side in (one, other) if side is not None]
        found.append(Column(name=name, old=one, new=other, type=_arrow(name, types), names=nested))
    return found


def differing(table: Table, old: State, new: State) -> tuple[list[FileScanTask], list[FileScanTask]]:
    """Return the data files that only the old state has, and those that only the new one has.

    Raises:
        LakehouseError: PyIceberg cannot plan the files.
    """
    before, after = (_files(table, state.snapshot) for state in (old, new))
    return (
        [task for path, task in before.items() if path not in after],
        [task for path, task in after.items() if path not in before],
    )


def _files(table: Table, snapshot: Snapshot | None) -> dict[tuple[str, ...], FileScanTask]:
    """Return the data files of a snapshot, by path and by the delete files that apply to them."""
    if snapshot is None:
        return {}
    try:
        tasks = list(table.scan(snapshot_id=snapshot.snapshot_id).plan_files())
    except ValueError as error:  # e.g. equality deletes
        raise LakehouseError(f"{'.'.join(table.name())}: snapshot {snapshot.snapshot_id}: {error}") from error
    return {(task.file.file_path, *sorted(file.file_path for file in task.delete_files)): task for task in tasks}


def _arrow(name: str, types: Sequence[IcebergType]) -> pa.DataType:
    """Return the Arrow type in which values of one or two types are compared."""
    if not all(isinstance(type_, PrimitiveType) for type_ in types):
        return pa.string()
    arrow = schema_to_pyarrow(types[0] if types[0] == types[-1] else _widest(name, *types))
    return arrow.storage_type if isinstance(arrow, pa.BaseExtensionType) else arrow


def _widest(name: str, one: IcebergType, other: IcebergType) -> IcebergType:
    for narrow, wide in ((one, other), (other, one)):
        with contextlib.suppress(ResolveError):
            return promote(narrow, wide)
    raise LakehouseError(f"column {name}: values of {one} and {other} cannot be compared")
