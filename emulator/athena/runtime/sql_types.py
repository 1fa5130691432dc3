"""Types of Trino: how they are built and taken apart.

A type is sqlglot's `DataType`. Timestamps without a precision have 3 digits, as in Trino; intervals have the parameter
`month` if they are of years and months. A `timestamp with time zone` may have the zone of its wall clock (`meta`).
"""

import re
import typing as t

from sqlglot import exp
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime.errors import not_supported

UTC = "UTC"
SEVERAL_ZONES = "(several)"
"""The zone of values whose zones differ. They can be compared, because only the points in time count for that."""
MOST_DIGITS = 6
"""DuckDB's timestamps have microseconds."""
_UTC_NAMES = {
    *("utc", "z", "ut", "uct", "gmt", "gmt0", "greenwich", "universal", "zulu"),
    *("etc/utc", "etc/gmt", "etc/gmt0"),
}
_ETC = re.compile(r"Etc/GMT([+-])(\d{1,2})", re.IGNORECASE)
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_WITH_ZONE = re.compile(
    r"(\d{4,}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?)(?: *([+-]\d.*)| +(\S+)| *(Z))?"
)
TEXTS = {DType.VARCHAR, DType.CHAR, DType.TEXT}
INTEGERS = (DType.TINYINT, DType.SMALLINT, DType.INT, DType.BIGINT)
INTEGER_DIGITS = {DType.TINYINT: 3, DType.SMALLINT: 5, DType.INT: 10, DType.BIGINT: 19}
NUMBERS = {*INTEGERS, DType.DECIMAL, DType.FLOAT, DType.DOUBLE}
TIMES = (DType.DATE, DType.TIMESTAMP, DType.TIMESTAMPTZ)
UNTYPED = {DType.UNKNOWN, DType.NULL}


def normal(dt: DataType) -> DataType:
    """Return the same type with one spelling for each of its parts."""
    spellings = {
        DType.TEXT: DType.VARCHAR,
        DType.BINARY: DType.VARBINARY,
        DType.INT128: DType.BIGINT,
        DType.UBIGINT: DType.BIGINT,
        DType.UINT: DType.BIGINT,
        DType.TIMESTAMP_NS: DType.TIMESTAMP,
    }
    if isinstance(dt.this, exp.Interval):
        return INTERVAL_MONTH if "MONTH" in dt.this.sql().upper() else INTERVAL_DAY
    parts = [
        exp.ColumnDef(this=exp.to_identifier(part.name), kind=normal(kind_of(part)))
        if isinstance(part, exp.ColumnDef)
        else normal(part)
        if isinstance(part, DataType)
        else part
        for part in dt.expressions
    ]
    if dt.this is DType.DECIMAL and not parts:
        return decimal(38, 0)
    if dt.this is DType.CHAR and not parts:
        return char(1)
    return DataType(this=spellings.get(dt.this, dt.this), expressions=parts, nested=dt.args.get("nested"))


def typed(dtype: DType, *parameters: int | str) -> DataType:
    """Return a type of a kind with parameters."""
    parts = [exp.DataTypeParam(this=exp.Literal.number(p) if isinstance(p, int) else exp.var(p)) for p in parameters]
    return DataType(this=dtype, expressions=parts)


def decimal(precision: int, scale: int) -> DataType:
    return typed(DType.DECIMAL, min(precision, 38), scale)


def char(length: int) -> DataType:
    return typed(DType.CHAR, length)


def timestamp(precision: int) -> DataType:
    return typed(DType.TIMESTAMP, precision)


def timestamp_tz(precision: int, *, zone: str = UTC) -> DataType:
    dt = typed(DType.TIMESTAMPTZ, precision)
    dt.meta["zone"] = _zone_name(zone)
    return dt


def _zone_name(zone: str) -> str:
    """Return Trino's name of a zone: `UTC`, an offset such as `+05:30`, or the name as it is written."""
    if etc := _ETC.fullmatch(zone):  # POSIX counts to the west
        zone = f"{'-' if etc[1] == '+' else '+'}{etc[2]}"
    offset = _OFFSET.fullmatch(zone)
    if offset is not None:
        name = f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}"
        return UTC if name[1:] == "00:00" else name
    return UTC if zone.lower() in _UTC_NAMES else zone


def split_zone(text: str) -> tuple[str, str] | None:
    """Return wall clock and zone of a text such as `2024-07-01 12:00 Europe/Paris`; None if it is no such text."""
    match = _WITH_ZONE.fullmatch(text.strip())
    return (match[1], _zone_name(match[2] or match[3] or match[4] or UTC)) if match else None


def array(element: DataType) -> DataType:
    return DataType(this=DType.ARRAY, expressions=[element.copy()], nested=True)


def mapping(key: DataType, value: DataType) -> DataType:
    return DataType(this=DType.MAP, expressions=[key.copy(), value.copy()], nested=True)


def row(fields: list[tuple[str, DataType]]) -> DataType:
    parts = [exp.ColumnDef(this=exp.to_identifier(name), kind=dt.copy()) if name else dt.copy() for name, dt in fields]
    return DataType(this=DType.STRUCT, expressions=parts, nested=True)


BOOLEAN, INT, BIGINT, DOUBLE, VARCHAR = (
    typed(t) for t in (DType.BOOLEAN, DType.INT, DType.BIGINT, DType.DOUBLE, DType.VARCHAR)
)
DATE, JSON, VARBINARY, NULL, UNKNOWN = (
    typed(t) for t in (DType.DATE, DType.JSON, DType.VARBINARY, DType.NULL, DType.UNKNOWN)
)
INTERVAL_DAY, INTERVAL_MONTH = typed(DType.INTERVAL), typed(DType.INTERVAL, "month")


def parameters(dt: DataType) -> list[int]:
    """Return the numbers in a type's parentheses."""
    return [int(p.name) for p in dt.expressions if isinstance(p, exp.DataTypeParam) and p.name.isdigit()]


def digits(dt: DataType) -> int:
    """Return the number of digits of the seconds' fraction of a time or timestamp."""
    return (parameters(dt) or [3])[0]


def zone(dt: DataType) -> str:
    """Return the zone of the wall clock of a `timestamp with time zone`.

    Raises:
        AthenaError: NOT_SUPPORTED: values of the type have several zones.
    """
    name = zone_mark(dt)
    if name == SEVERAL_ZONES:
        raise not_supported("timestamps of several time zones in one column are not in the emulator's engine")
    return name


def zone_mark(dt: DataType) -> str:
    """Return the zone of a `timestamp with time zone`, or `SEVERAL_ZONES`."""
    return str(dt.meta.get("zone", UTC))


def parts(dt: DataType) -> list[DataType]:
    """Return a type and the types of its elements and fields at any depth."""
    inner = [t for _, t in fields(dt)] if dt.this is DType.STRUCT else dt.expressions
    return [dt, *(deep for part in inner if isinstance(part, DataType) for deep in parts(part))]


def precision_scale(dt: DataType) -> tuple[int, int]:
    """Return precision and scale of a decimal, or of the decimal that an integer fits into."""
    if dt.this in INTEGER_DIGITS:
        return INTEGER_DIGITS[dt.this], 0
    precision, *scale = parameters(dt) or [38]
    return precision, scale[0] if scale else 0


def kind_of(field: exp.ColumnDef) -> DataType:
    """Return the type of a row's field."""
    return t.cast(DataType, field.args["kind"])


def fields(dt: DataType) -> list[tuple[str, DataType]]:
    """Return name (empty if it has none) and type of each field of a row."""
    return [(p.name, kind_of(p)) if isinstance(p, exp.ColumnDef) else ("", p) for p in dt.expressions]


def named_fields(dt: DataType) -> list[tuple[str, DataType]]:
    """Return the fields of a row, with Athena's names `field0`, `field1` ... for fields without a name."""
    return [(name or f"field{i}", t) for i, (name, t) in enumerate(fields(dt))]


def named(dt: DataType) -> DataType:
    """Return the type with a name for every field of every row in it."""
    if dt.this is DType.STRUCT:
        return row([(name, named(t)) for name, t in named_fields(dt)])
    if dt.this in (DType.ARRAY, DType.MAP):
        return DataType(this=dt.this, expressions=[named(part) for part in dt.expressions], nested=True)
    return dt


def is_known(dt: DataType) -> bool:
    """Return whether inference has determined the type and all of its parts."""
    parts = [t for _, t in fields(dt)] if dt.this is DType.STRUCT else dt.expressions
    return dt.this is not DType.UNKNOWN and all(is_known(part) for part in parts if isinstance(part, DataType))


def is_month_interval(dt: DataType) -> bool:
    return dt.this is DType.INTERVAL and bool(dt.expressions)
