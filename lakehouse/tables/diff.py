"""Differences between an existing table and its definition, and whether they can be applied without rewriting data."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pyiceberg.schema import Schema
from pyiceberg.table import Table

from lakehouse.contracts.model import Partition
from lakehouse.contracts.types import can_widen, from_iceberg
from lakehouse.errors import LakehouseError
from lakehouse.tables.definition import WINDOWS_PROPERTY, Definition, Field


class Action(StrEnum):
    """Effect of a change on a table."""

    CREATE = "create"
    ADD = "add"
    RENAME = "rename"
    ALTER = "alter"
    DESCRIBE = "describe"
    GOVERN = "govern"
    OPTIMIZE = "optimize"
    BREAK = "break"
    ORPHAN = "orphan"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference of one table.

    `BREAK` would need other data or break readers, so it is refused. `ORPHAN` is a table whose contract was removed;
    it is reported and not changed. `WAIT` can be applied only after a deployment, and is reported until then.

    Attributes:
        table: `database.table`.
        action: effect of the change.
        detail: what differs, for people to read.
    """

    table: str
    action: Action
    detail: str


def changes(definition: Definition, table: Table) -> Iterator[Change]:
    """Yield the changes that make a table equal to its definition."""

    def change(action: Action, detail: str) -> Change:
        return Change(table=definition.name, action=action, detail=detail)

    schema = table.schema()
    new_names = dict(renames(definition, schema))
    old_names = {new: old for old, new in new_names.items()}
    old_fields = {field.name: field for field in schema.fields}
    for field in definition.fields:
        old_name = old_names.get(field.name, field.name)
        if old_name not in old_fields:
            yield change(Action.BREAK if field.required else Action.ADD, f"column {_column(field)}")
            continue
        if old_name != field.name:
            yield change(Action.RENAME, f"rename column {old_name} -> {field.name}")
        old = old_fields[old_name]
        try:
            old_type = from_iceberg(old.field_type)
        except LakehouseError:
            yield change(Action.BREAK, f"column {field.name}: {old.field_type} -> {field.type}")
            continue
        if old_type != field.type:
            widens = can_widen(old_type, field.type)
            yield change(Action.ALTER if widens else Action.BREAK, f"column {field.name}: {old_type} -> {field.type}")
        if old.required and not field.required:
            yield change(Action.ALTER, f"column {field.name}: required -> optional")
        if field.required and not old.required:
            yield change(Action.BREAK, f"column {field.name}: optional -> required")
        if field.doc and field.doc != old.doc:
            yield change(Action.DESCRIBE, f"column {field.name}: describe as {field.doc!r}")
    for name in old_fields.keys() - {field.name for field in definition.fields} - set(old_names.values()):
        yield change(Action.BREAK, f"column {name} is no longer in the contract")
    key = {new_names.get(name, name) for name in schema.identifier_field_names()}
    if key != set(definition.key):
        yield change(Action.BREAK, f"key: {_list(sorted(key))} -> {_list(definition.key)}")
    partitions = tuple(
        Partition(column=str(schema.find_column_name(field.source_id)), transform=str(field.transform))
        for field in table.spec().fields
    )
    if partitions != definition.partitions:
        old_partitions, new_partitions = _list(map(str, partitions)), _list(map(str, definition.partitions))
        yield change(Action.BREAK, f"partitions: {old_partitions} -> {new_partitions}")
    if table.location() != definition.location:
        yield change(Action.BREAK, f"location: {table.location()} -> {definition.location}")
    for name, value in definition.properties.items():
        if table.properties.get(name) != value:
            action = Action.BREAK if name == WINDOWS_PROPERTY else Action.DESCRIBE
            yield change(action, f"property {name}: {table.properties.get(name)!r} -> {value!r}")


def renames(definition: Definition, schema: Schema) -> list[tuple[str, str]]:
    """Return (old name, new name) of each column that the table still has under its old name alone."""
    names = {field.name for field in schema.fields}
    return [
        (old_name, field.name)
        for field in definition.fields
        if field.name not in names
        for old_name in [name for name in field.renamed_from if name in names][:1]
    ]


def creation(definition: Definition) -> Change:
    """Return the change that creates a table that does not exist."""
    parts = [f"{len(definition.fields)} columns"]
    if definition.key:
        parts.append(f"key {_list(definition.key)}")
    if definition.partitions:
        parts.append(f"partitioned by {_list(map(str, definition.partitions))}")
    return Change(table=definition.name, action=Action.CREATE, detail=", ".join(parts))


def _column(field: Field) -> str:
    return f"{field.name} {field.type}{' required' if field.required else ''}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
