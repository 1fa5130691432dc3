"""Read columns and key from ODCS schema properties."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from open_data_contract_standard.model import SchemaProperty

from lakehouse.contracts import types
from lakehouse.contracts.classification import Classification
from lakehouse.contracts.model import Column
from lakehouse.contracts.odcs.cleansing import cleansing
from lakehouse.contracts.odcs.custom import Setting, settings, texts
from lakehouse.contracts.odcs.options import options
from lakehouse.contracts.odcs.source_types import NUMBER_FORMATS, SourceType, source_type
from lakehouse.contracts.types import Kind, Type
from lakehouse.contracts.violations import Violations, YamlPath, one_of

_CHAR = re.compile(r"\s*(char|character|bpchar)\s*(\(|$)", re.IGNORECASE)
NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
_NO_KEY = (Kind.FLOAT, Kind.DOUBLE, Kind.BINARY, Kind.LIST, Kind.STRUCT)
# Of a property inside an object or list only the type is checked, so these fields are not allowed there.
_COLUMNS_ONLY = ("required", "unique", "primaryKey", "partitioned", "enum", "logicalTypeOptions", "physicalName")


def columns(properties: list[SchemaProperty], *, violations: Violations, path: YamlPath) -> tuple[Column, ...]:
    """Read the columns of a dataset; columns without a valid type are left out.

    Args:
        properties: ODCS `schema[0].properties`.
        violations: collects the violations.
        path: path of `properties`.
    """
    taken = {property_.name: "is the name of a column" for property_ in properties}
    read = [
        column
        for index, property_ in enumerate(properties)
        if (column := _column(property_, taken=taken, violations=violations, path=(*path, index))) is not None
    ]
    _report_repeated([property_.name for property_ in properties], violations=violations, path=path, field="name")
    source_names = [property_.physicalName or property_.name for property_ in properties]
    _report_repeated(source_names, violations=violations, path=path, field="physicalName")
    return tuple(read)


def key(properties: list[SchemaProperty], *, violations: Violations, path: YamlPath) -> tuple[str, ...]:
    """Return the names of the key's columns, in the order of `primaryKeyPosition` or else of the document."""
    members = [(index, property_) for index, property_ in enumerate(properties) if property_.primaryKey]
    for index, property_ in enumerate(properties):
        if (property_.primaryKeyPosition or -1) > 0 and not property_.primaryKey:
            violations.add(
                (*path, index, "primaryKeyPosition"), "is on a column that is no key", remedy="add primaryKey: true"
            )
    positions = [property_.primaryKeyPosition for _, property_ in members if property_.primaryKeyPosition is not None]
    if positions and sorted(positions) != list(range(1, len(members) + 1)):
        violations.add(
            (*path, members[0][0], "primaryKeyPosition"),
            f"the key's {len(members)} columns have the positions {positions}",
            remedy=f"number them from 1 to {len(members)}, or leave all positions out",
        )
        return ()
    return tuple(
        property_.name or "" for _, property_ in sorted(members, key=lambda member: member[1].primaryKeyPosition or 0)
    )


def _column(
    property_: SchemaProperty, *, taken: dict[str | None, str], violations: Violations, path: YamlPath
) -> Column | None:
    name = property_.name or ""
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
    source = _type(property_, violations=violations, path=path)
    if property_.classification not in (None, *Classification):
        violations.add(
            (*path, "classification"),
            f"{property_.classification!r} is no classification",
            remedy=one_of(property_.classification, Classification),
        )
    custom = settings(
        property_.customProperties,
        known=("charPadding", "cleanse", "was"),
        violations=violations,
        path=(*path, "customProperties"),
    )
    trim = _trims_padding(property_, custom.get("charPadding"), violations=violations)
    if source is None:
        return None
    if property_.primaryKey and source.type.kind in _NO_KEY:
        violations.add((*path, "primaryKey"), f"{source.type} can be no key", remedy="use a type that compares exactly")
    given = options(
        property_.logicalTypeOptions or {}, source=source, violations=violations, path=(*path, "logicalTypeOptions")
    )
    return Column(
        name=name,
        type=source.type,
        source_name=property_.physicalName or name,
        required=bool(property_.required or property_.primaryKey),
        unique=bool(property_.unique),
        classification=property_.classification,
        description=(property_.description or "").strip(),
        enum=_enum(property_, type_=source.type, violations=violations, path=path),
        options=replace(given, trim_padding=trim) if trim else given,
        cleansing=cleansing(
            custom.get("cleanse"),
            source=source,
            is_key=bool(property_.primaryKey),
            is_formatted=bool((property_.logicalTypeOptions or {}).get("format")),
            violations=violations,
        ),
        was=_earlier_names(custom.get("was"), taken=taken, violations=violations),
    )


def _earlier_names(was: Setting | None, *, taken: dict[str | None, str], violations: Violations) -> tuple[str, ...]:
    """Read the custom property `was`: the names that the column had before, newest first.

    Args:
        was: the property.
        taken: names that no column can have had, with the reason; the names that are read are added.
        violations: collects the violations.
    """
    names = []
    for name, path in texts(was, violations=violations):
        reason = taken.get(name) or (None if NAME.fullmatch(name) else "cannot have been the name of a column")
        if reason:
            violations.add(path, f"{name!r} {reason}", remedy="write an earlier name that no other column has or had")
        taken[name] = "is an earlier name already"
        names.append(name)
    return tuple(names)


def _trims_padding(property_: SchemaProperty, padding: Setting | None, *, violations: Violations) -> bool:
    """Read the custom property `charPadding`: whether the blanks with which char(n) is filled up are removed."""
    if padding is None:
        return False
    if not _CHAR.match(property_.physicalType or ""):
        violations.add(padding.path, f"{property_.physicalType} has no padding", remedy="give it to a char(n) alone")
    if padding.value not in ("keep", "trim"):
        violations.add(padding.path, f"{padding.value!r} is unknown", remedy="write keep (the default) or trim")
    return bool(padding.value == "trim")


def _type(property_: SchemaProperty, *, violations: Violations, path: YamlPath) -> SourceType | None:
    """Return the type of a property: a list or struct if it has nested properties and is no JSON text."""
    if property_.physicalType is None and property_.logicalType == "array" and property_.items is not None:
        element = _nested(property_.items, violations=violations, path=(*path, "items"))
        return SourceType(types.list_of(element)) if element else None
    if property_.physicalType is None and property_.logicalType == "object" and property_.properties:
        return _struct(property_.properties, violations=violations, path=(*path, "properties"))
    widths = NUMBER_FORMATS.get(property_.logicalType or "", {})
    width = (property_.logicalTypeOptions or {}).get("format")
    if widths and width and property_.physicalType is None:
        if width in widths:
            return widths[width]
        violations.add(
            (*path, "logicalTypeOptions", "format"), f"{width!r} does not exist", remedy=one_of(width, widths)
        )
        return None
    return source_type(logical=property_.logicalType, physical=property_.physicalType, violations=violations, path=path)


def _struct(properties: list[SchemaProperty], *, violations: Violations, path: YamlPath) -> SourceType | None:
    fields: dict[str, Type] = {}
    for index, property_ in enumerate(properties):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", property_.name or ""):
            violations.add(
                (*path, index, "name"), f"{property_.name!r} is no field name", remedy="use letters, digits and _"
            )
        type_ = _nested(property_, violations=violations, path=(*path, index))
        if type_ is not None:
            fields[property_.name or ""] = type_
    names = [(property_.name or "").lower() for property_ in properties]
    _report_repeated(names, violations=violations, path=path, field="name")
    return SourceType(types.struct_of(fields)) if len(fields) == len(properties) else None


def _nested(property_: SchemaProperty, *, violations: Violations, path: YamlPath) -> Type | None:
    for field in _COLUMNS_ONLY:
        if getattr(property_, field):
            violations.add(
                (*path, field), "is checked for columns only", remedy="remove it, or make the value a column"
            )
    source = _type(property_, violations=violations, path=path)
    return source.type if source else None


def _enum(property_: SchemaProperty, *, type_: Type, violations: Violations, path: YamlPath) -> tuple[str, ...]:
    allowed: list[str] = []
    for index, entry in enumerate(property_.enum or []):
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
