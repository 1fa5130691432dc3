"""Definitions of the ops tables: batches, quality results, lineage, erasures and releases."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from types import NoneType
from typing import Annotated, get_args, get_origin, get_type_hints

from lakehouse.contracts import types
from lakehouse.contracts.types import Type
from lakehouse.names import Move, Names
from lakehouse.tables.definition import Definition, Field, properties
from lakehouse.tables.rows import RENAMED_COLUMNS, AttemptRow, ErasureRow, LineageRow, OpsRow, QualityRow, ReleaseRow

_TYPES: dict[object, Type] = {
    str: types.STRING,
    Move: types.STRING,
    int: types.LONG,
    float: types.DOUBLE,
    datetime: types.TIMESTAMP,
    list[str]: types.list_of(types.STRING),
    list[int]: types.list_of(types.LONG),
}


def definitions(*, names: Names) -> list[Definition]:
    """Return the definitions of all ops tables; they are small and unpartitioned, and only appends change them."""
    return [
        Definition(
            database=names.ops_database,
            table=row.table,
            location=names.ops_location(row.table),
            fields=tuple(_fields(row)),
            properties=properties(row.__doc__ or ""),
        )
        for row in (AttemptRow, QualityRow, LineageRow, ErasureRow, ReleaseRow)
    ]


def _fields(row: type[OpsRow]) -> Iterator[Field]:
    hints = get_type_hints(row, include_extras=True)
    old_names = {new: old for old, new in RENAMED_COLUMNS.get(row.table, {}).items()}
    for field in fields(row):
        hint = hints[field.name]
        value, comment = get_args(hint) if get_origin(hint) is Annotated else (hint, "")
        yield Field(name=field.name, type=_type(value), doc=comment, renamed_from=old_names.get(field.name))


def _type(hint: object) -> Type:
    """Return the type of a column from its type hint; all columns may be null, whether or not the hint has `None`."""
    [value] = [part for part in get_args(hint) if part is not NoneType] if NoneType in get_args(hint) else [hint]
    return _TYPES[value]
