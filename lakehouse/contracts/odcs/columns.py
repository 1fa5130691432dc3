"""ODCS schema properties to columns and key."""

import re
from collections.abc import Sequence
from typing import Any

from open_data_contract_standard.model import SchemaProperty

from lakehouse.contracts import types
from lakehouse.contracts.classification import Classification
from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.options import options
from lakehouse.contracts.odcs.source_types import NUMBER_FORMATS, SourceType, source_type
from lakehouse.contracts.types import Kind, Type
from lakehouse.contracts.violations import Violations, YamlPath, one_of

NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
_NO_KEY = (Kind.FLOAT, Kind.DOUBLE, Kind.BINARY, Kind.LIST, Kind.STRUCT)
# Said of a property inside an object or list they would go unchecked: only the type of nested values is.
_COLUMNS_ONLY = ("required", "unique", "primaryKey", "partitioned", "enum", "logicalTypeOptions", "physicalName")


def columns(properties: list[SchemaProperty], *, violations: Violations, path: YamlPath) -> tuple[Column, ...]:
    """Read the columns of a dataset; one that is faulty is left out.

    Args:
        properties: ODCS `schema[0].properties`.
        violations: gets what is wrong.
        path: path of `properties`.
    """
    read = [
        column
        for index, item in enumerate(properties)
        if (column := _column(item, violations=violations, path=(*path, index))) is not None
    ]
    _report_repeated([item.name for item in properties], violations=violations, path=path, field="name")
    sources = [item.physicalName or item.name for item in properties]
    _report_repeated(sources, violations=violations, path=path, field="physicalName")
    return tuple(read)


def key(properties: list[SchemaProperty], *, violations: Violations, path: YamlPath) -> tuple[str, ...]:
    """Names of the key's columns (`primaryKey`), in the order of `primaryKeyPosition` or else of the document."""
    members = [(index, item) for index, item in enumerate(properties) if item.primaryKey]
    for index, item in enumerate(properties):
        if (item.primaryKeyPosition or -1) > 0 and not item.primaryKey:
            violations.add(
                (*path, index, "primaryKeyPosition"), "is on a column that is no key", remedy="add primaryKey: true"
            )
    positions = [item.primaryKeyPosition for _, item in members if item.primaryKeyPosition is not None]
    if positions and sorted(positions) != list(range(1, len(members) + 1)):
        violations.add(
            (*path, members[0][0], "primaryKeyPosition"),
            f"the key's {len(members)} columns have the positions {positions}",
            remedy=f"number them from 1 to {len(members)}, or leave all positions out",
        )
        return ()
    return tuple(item.name or "" for _, item in sorted(members, key=lambda member: member[1].primaryKeyPosition or 0))


def _column(item: SchemaProperty, *, violations: Violations, path: YamlPath) -> Column | None:
    name = item.name or ""
    if name.startswith("_"):
        violations.add(
            (*path, "name"), f"{name!r} is reserved", remedy="begin with a letter; `_` begins our own columns"
        )
    elif not NAME.fullmatch(name):
        violations.add(
            (*path, "name"),
            f"{name!r} is no column name that every engine takes",
            remedy="use lower-case letters, digits and _ (at most 128); physicalName keeps the source's name",
        )
    source = _type(item, violations=violations, path=path)
    if item.classification not in (None, *Classification):
        violations.add(
            (*path, "classification"),
            f"{item.classification!r} is no classification",
            remedy=one_of(item.classification, Classification),
        )
    if source is None:
        return None
    if item.primaryKey and source.type.kind in _NO_KEY:
        violations.add((*path, "primaryKey"), f"{source.type} can be no key", remedy="use a type that compares exactly")
    return Column(
        name=name,
        type=source.type,
        source_name=item.physicalName or name,
        required=bool(item.required or item.primaryKey),
        unique=bool(item.unique),
        classification=item.classification,
        description=(item.description or "").strip(),
        enum=_enum(item, type_=source.type, violations=violations, path=path),
        options=options(
            item.logicalTypeOptions or {}, source=source, violations=violations, path=(*path, "logicalTypeOptions")
        ),
    )


def _type(item: SchemaProperty, *, violations: Violations, path: YamlPath) -> SourceType | None:
    """Type of a property: a list or struct if its inside is spelt out and it is no JSON text, else what it says."""
    if item.physicalType is None and item.logicalType == "array" and item.items is not None:
        element = _nested(item.items, violations=violations, path=(*path, "items"))
        return SourceType(types.list_of(element)) if element else None
    if item.physicalType is None and item.logicalType == "object" and item.properties:
        return _struct(item.properties, violations=violations, path=(*path, "properties"))
    widths = NUMBER_FORMATS.get(item.logicalType or "", {})
    width = (item.logicalTypeOptions or {}).get("format")
    if widths and width and item.physicalType is None:
        if width in widths:
            return widths[width]
        violations.add(
            (*path, "logicalTypeOptions", "format"), f"{width!r} does not exist", remedy=one_of(width, widths)
        )
        return None
    return source_type(logical=item.logicalType, physical=item.physicalType, violations=violations, path=path)


def _struct(properties: list[SchemaProperty], *, violations: Violations, path: YamlPath) -> SourceType | None:
    fields: dict[str, Type] = {}
    for index, item in enumerate(properties):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", item.name or ""):
            violations.add(
                (*path, index, "name"), f"{item.name!r} is no field name", remedy="use letters, digits and _"
            )
        type_ = _nested(item, violations=violations, path=(*path, index))
        if type_ is not None:
            fields[item.name or ""] = type_
    names = [(item.name or "").lower() for item in properties]
    _report_repeated(names, violations=violations, path=path, field="name")
    return SourceType(types.struct_of(fields)) if len(fields) == len(properties) else None


def _nested(item: SchemaProperty, *, violations: Violations, path: YamlPath) -> Type | None:
    for field in _COLUMNS_ONLY:
        if getattr(item, field):
            violations.add(
                (*path, field), "is checked for columns only", remedy="remove it, or make the value a column"
            )
    source = _type(item, violations=violations, path=path)
    return source.type if source else None


def _enum(item: SchemaProperty, *, type_: Type, violations: Violations, path: YamlPath) -> tuple[str, ...]:
    allowed: list[str] = []
    for index, entry in enumerate(item.enum or []):
        value: Any = entry.value
        if type_.kind is Kind.STRING and not isinstance(value, str):
            violations.add((*path, "enum", index, "value"), f"{value!r} is no text", remedy="quote it")
        elif type_.kind in (Kind.INT, Kind.LONG) and type(value) is not int:
            violations.add((*path, "enum", index, "value"), f"{value!r} is no integer", remedy="write an integer")
        allowed.append(str(value))
    if allowed and type_.kind not in (Kind.STRING, Kind.INT, Kind.LONG):
        violations.add((*path, "enum"), f"{type_} has no enumeration", remedy="use it on strings and integers")
    return tuple(allowed)


def _report_repeated(names: Sequence[str | None], *, violations: Violations, path: YamlPath, field: str) -> None:
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            violations.add(
                (*path, index, field), f"{name!r} is there already", remedy="rename or remove one of the two"
            )
