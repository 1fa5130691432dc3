"""Read ODCS `logicalType` and `physicalType`: the stored type of a column, and the constraints of the source's type.

The physical type decides, because it is exact; without it the widest type of the logical type is used. Physical types
have the names of PostgreSQL and MySQL, and those that Spark and Iceberg share.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from lakehouse.contracts import types
from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import Kind, Type
from lakehouse.contracts.violations import Violations, YamlPath, one_of
from lakehouse.errors import LakehouseError


@dataclass(frozen=True, slots=True)
class SourceType:
    """Type of a column in its source.

    Attributes:
        type: type in which its values are stored.
        options: constraints that the source's type has and the stored type has not, e.g. the length of varchar(3).
    """

    type: Type
    options: Options = field(default_factory=Options)


def _whole(bits: int, *, signed: bool = True) -> SourceType:
    """Return an integer type of a width that engines lack: the next wider stored type, with its limits."""
    stored = types.INT if bits < 32 else types.LONG if bits < 64 else types.decimal(bits * 3 // 10 + 1, 0)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return SourceType(stored, Options(minimum=Decimal(low), maximum=Decimal(high)))


_STRING = SourceType(types.STRING)
_JSON = SourceType(types.STRING, Options(format=Format.JSON))
_TIME = SourceType(types.STRING, Options(format=Format.TIME))
_INT = SourceType(types.INT)
_LONG = SourceType(types.LONG)
_FLOAT = SourceType(types.FLOAT)
_DOUBLE = SourceType(types.DOUBLE)
_BOOLEAN = SourceType(types.BOOLEAN)
_DATE = SourceType(types.DATE)
_TIMESTAMP = SourceType(types.TIMESTAMP)
_BINARY = SourceType(types.BINARY)

PHYSICAL: dict[str, SourceType] = {
    **dict.fromkeys(("text", "string", "citext", "tinytext", "mediumtext", "longtext", "enum", "name"), _STRING),
    **dict.fromkeys(("varchar", "character varying", "char", "character", "bpchar"), _STRING),
    **dict.fromkeys(("json", "jsonb"), _JSON),
    "uuid": SourceType(types.STRING, Options(format=Format.UUID)),
    **dict.fromkeys(("boolean", "bool"), _BOOLEAN),
    "tinyint": _whole(8),
    **dict.fromkeys(("smallint", "int2", "smallserial"), _whole(16)),
    "mediumint": _whole(24),
    **dict.fromkeys(("int", "integer", "int4", "serial"), _INT),
    **dict.fromkeys(("bigint", "int8", "long", "bigserial"), _LONG),
    "tinyint unsigned": _whole(8, signed=False),
    "smallint unsigned": _whole(16, signed=False),
    "mediumint unsigned": _whole(24, signed=False),
    **dict.fromkeys(("int unsigned", "integer unsigned"), _whole(32, signed=False)),
    "bigint unsigned": _whole(64, signed=False),
    **dict.fromkeys(("real", "float", "float4"), _FLOAT),
    **dict.fromkeys(("double", "double precision", "float8"), _DOUBLE),
    "date": _DATE,
    **dict.fromkeys(("timestamp", "timestamp without time zone", "datetime"), _TIMESTAMP),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), _TIMESTAMP),
    **dict.fromkeys(("time", "time without time zone"), _TIME),
    **dict.fromkeys(("bytea", "binary", "varbinary", "blob", "mediumblob", "longblob"), _BINARY),
}
_DECIMAL = ("decimal", "numeric")
_SIZED_TEXT = ("varchar", "character varying", "char", "character", "bpchar")
# Types whose size limits no value: display width (MySQL), digits of a second (all six are kept), bytes of a binary.
_SIZE_MEANS_NOTHING = re.compile(r"(tiny|small|medium|big)?int( unsigned)?|integer|(date)?time.*|(var)?binary")
_WRITTEN = re.compile(r"(?P<name>[a-z0-9 ]+)(\(\s*(?P<size>\d+)\s*(,\s*(?P<scale>\d+)\s*)?\)(?P<rest>[a-z ]*))?")

LOGICAL: dict[str, SourceType] = {
    "string": _STRING,
    "integer": _LONG,
    "number": _DOUBLE,
    "boolean": _BOOLEAN,
    "date": _DATE,
    "timestamp": _TIMESTAMP,
    "time": _TIME,
    "object": _JSON,
    "array": _JSON,
}
# ODCS `logicalTypeOptions.format` of numbers, for sources without physical types (JSON, APIs).
NUMBER_FORMATS: dict[str, dict[str, SourceType]] = {
    "integer": {
        "i8": _whole(8),
        "i16": _whole(16),
        "i32": _INT,
        "i64": _LONG,
        "u8": _whole(8, signed=False),
        "u16": _whole(16, signed=False),
        "u32": _whole(32, signed=False),
        "u64": _whole(64, signed=False),
    },
    "number": {"f32": _FLOAT, "f64": _DOUBLE},
}
_NUMBERS = {Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL}


def source_type(
    *, logical: str | None, physical: str | None, violations: Violations, path: YamlPath
) -> SourceType | None:
    """Return the type of an ODCS property, except lists and structs with nested properties.

    Args:
        logical: ODCS `logicalType`.
        physical: ODCS `physicalType`; it decides if both are there.
        violations: collects the violations.
        path: path of the property.

    Returns:
        The type, or None after a violation.
    """
    if logical is None and physical is None:
        violations.add(path, "has no type", remedy=f"give logicalType, one of {', '.join(LOGICAL)}")
        return None
    if logical is not None and logical not in LOGICAL:
        violations.add((*path, "logicalType"), f"type {logical!r} does not exist", remedy=one_of(logical, LOGICAL))
        return None
    if physical is None:
        return LOGICAL[logical] if logical else None
    stored = _physical(physical, violations=violations, path=(*path, "physicalType"))
    if stored is None or logical is None:
        return stored
    if logical == "boolean" and physical.replace(" ", "").lower() == "tinyint(1)":
        return _BOOLEAN  # MySQL has no other boolean type
    if not _agree(logical, stored):
        violations.add(
            (*path, "physicalType"),
            f"{physical} is no {logical}",
            remedy=f"change one of the two; {physical} is stored as {stored.type}",
        )
        return None
    return stored


def _physical(written: str, *, violations: Violations, path: YamlPath) -> SourceType | None:
    match = _WRITTEN.fullmatch(written.strip().lower())
    name = " ".join(f"{match['name']} {match['rest'] or ''}".split()) if match else written
    if match is None or (name not in PHYSICAL and name not in _DECIMAL):
        violations.add(path, f"type {written!r} does not exist", remedy=one_of(name, [*PHYSICAL, *_DECIMAL]))
        return None
    size, scale = match["size"], match["scale"]
    if name in _DECIMAL:
        if size is None:
            violations.add(
                path, f"{written} has no precision", remedy="write decimal(precision,scale), e.g. decimal(18,2)"
            )
            return None
        try:
            return SourceType(types.decimal(int(size), int(scale or 0)))
        except LakehouseError:
            remedy = (
                "a precision is 1 to 38, a scale at most that; logicalType string, physicalType text keeps all digits"
            )
            violations.add(path, f"type {written!r} does not exist", remedy=remedy)
            return None
    if size is None or _SIZE_MEANS_NOTHING.fullmatch(name):
        return PHYSICAL[name]
    if name in _SIZED_TEXT and scale is None:
        return SourceType(PHYSICAL[name].type, Options(max_length=int(size)))
    violations.add(path, f"type {written!r} does not exist", remedy=f"write {name} without a size")
    return None


def _agree(logical: str, stored: SourceType) -> bool:
    if logical == "integer":
        return stored.type.kind in (Kind.INT, Kind.LONG) or (
            stored.type.kind is Kind.DECIMAL and stored.type.scale == 0
        )
    if logical == "number":
        return stored.type.kind in _NUMBERS
    if logical == "string":
        # The standard has no logical type for bytes.
        return stored.type.kind in (Kind.STRING, Kind.BINARY)
    if logical in ("object", "array"):
        return stored == _JSON
    return stored == LOGICAL[logical]
