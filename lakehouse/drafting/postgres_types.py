"""The types of contracts for the types of PostgreSQL, as docs/contracts.md lists them."""

import re

from lakehouse.drafting.document import Line
from lakehouse.drafting.postgres_catalog import SourceColumn

_PLAIN = {
    "smallint": ("integer", "smallint"), "integer": ("integer", "int"), "bigint": ("integer", "bigint"),
    "real": ("number", "real"), "double precision": ("number", "double"), "boolean": ("boolean", "boolean"),
    "text": ("string", "text"), "citext": ("string", "text"), "name": ("string", "text"),
    "character varying": ("string", "varchar"), "bpchar": ("string", "text"), "uuid": ("string", "uuid"),
    "bytea": ("string", "bytea"), "json": ("object", "json"), "jsonb": ("object", "jsonb"), "date": ("date", "date"),
    "timestamp with time zone": ("timestamp", "timestamptz"), "timestamp without time zone": ("timestamp", "timestamp"),
    "time without time zone": ("time", "time"),
}  # fmt: skip
_SIZED = re.compile(
    r"(?:pg_catalog\.)?(?P<name>character varying|character|numeric)\((?P<size>[0-9]+)(?:,(?P<scale>-?[0-9]+))?\)"
)
_PRECISION = re.compile(r"\([0-9]+\)")
_MOST = 38
_NO_KEY = {"real", "double", "bytea"}
_ELEMENTS = {"smallint", "int", "bigint", "real", "double", "boolean", "text", "varchar", "date", "timestamptz",
             "timestamp"}  # fmt: skip
_TEXT = ("string", "text")


def lines(column: SourceColumn) -> list[Line]:
    """Return the lines of a column's type."""
    if column.is_enum:
        return [Line("logicalType", "string"), Line("physicalType", "text", f"the enum {column.type}")]
    if column.type.endswith("[]"):
        return _array(column)
    logical, physical, why = _scalar(column.type)
    if column.domain:
        why = f"the domain {column.domain}" + (f"; {why}" if why else "")
    return [Line("logicalType", logical), Line("physicalType", physical, why)]


def can_be_key(column: SourceColumn) -> bool:
    """Return whether values of a column compare exactly."""
    return not column.type.endswith("[]") and _scalar(column.type)[1] not in _NO_KEY


def _scalar(type_: str) -> tuple[str, str, str]:
    """Return logical type, physical type and reason."""
    match = _SIZED.fullmatch(type_)
    if match and match["name"] == "numeric":
        size, scale = int(match["size"]), int(match["scale"] or 0)
        if 0 <= scale <= size <= _MOST:
            return "number", f"decimal({size},{scale})", ""
        return *_TEXT, f"{type_}: no decimal of at most {_MOST} digits holds it"
    if match:
        short = "varchar" if match["name"] == "character varying" else "char"
        why = "filled up with blanks; `charPadding: trim` removes them" if short == "char" else ""
        return "string", f"{short}({match['size']})", why
    plain = _PLAIN.get(_PRECISION.sub("", type_))
    if plain:
        return *plain, ""
    if type_ == "numeric":
        return *_TEXT, "numeric without precision: a text keeps all digits, but DMS sends decimal(28,6)"
    return *_TEXT, f"{type_} is kept as its text"


def _array(column: SourceColumn) -> list[Line]:
    logical, physical, _ = _scalar(column.type.removesuffix("[]"))
    physical = physical.partition("(")[0] if logical == "string" else physical
    if column.dimensions > 1 or not (physical in _ELEMENTS or physical.startswith("decimal")):
        return [Line("logicalType", "string"), Line("physicalType", "text", f"{column.type} is kept as its text")]
    return [Line("logicalType", "array"), Line("items", {"logicalType": logical, "physicalType": physical})]
