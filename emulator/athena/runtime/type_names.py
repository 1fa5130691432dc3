"""The names that Trino, Hive and DuckDB have for a type: read and written."""

from functools import lru_cache

from sqlglot.errors import ParseError
from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, sql_types
from emulator.athena.runtime.errors import not_supported

# Names in Trino, DuckDB and Hive (Glue columns). Types with parameters or parts have rules below.
_SIMPLE = {
    DType.BOOLEAN: ("boolean", "BOOLEAN", "boolean"),
    DType.TINYINT: ("tinyint", "TINYINT", "tinyint"),
    DType.SMALLINT: ("smallint", "SMALLINT", "smallint"),
    DType.INT: ("integer", "INTEGER", "int"),
    DType.BIGINT: ("bigint", "BIGINT", "bigint"),
    DType.FLOAT: ("real", "REAL", "float"),
    DType.DOUBLE: ("double", "DOUBLE", "double"),
    DType.DATE: ("date", "DATE", "date"),
    DType.VARBINARY: ("varbinary", "BLOB", "binary"),
    DType.JSON: ("json", "JSON", "string"),
    DType.UUID: ("uuid", "UUID", "string"),
}


@lru_cache(maxsize=4096)
def parse_trino(text: str) -> DataType:
    """Return the type of a Trino name such as `row(a integer, b timestamp(6))`; do not change it."""
    words = text.lower().split()
    if words[0] == "interval":
        return sql_types.INTERVAL_MONTH if words[-1] == "month" else sql_types.INTERVAL_DAY
    return sql_types.normal(DataType.build(text, dialect="trino"))


@lru_cache(maxsize=4096)
def parse_hive(text: str) -> DataType:
    """Return the type of a Glue column such as `array<struct<a:int>>`; do not change it."""
    return sql_types.normal(DataType.build(text, dialect="hive"))


@lru_cache(maxsize=4096)
def parse_duckdb(text: str) -> DataType:
    """Return the type of a DuckDB column such as `STRUCT(a BIGINT)[]`; do not change it."""
    if text in ('"NULL"', "NULL"):
        return sql_types.NULL
    plain = text.replace('"NULL"', "NULL").replace("TUPLE(", "STRUCT(")
    try:
        return sql_types.normal(DataType.build(plain, dialect="duckdb"))
    except ParseError:
        raise not_supported(f"a value of DuckDB's type {text} is not in the emulator's engine") from None


def trino_name(dt: DataType) -> str:
    """Return Trino's name of a type."""
    kind, parts = dt.this, dt.expressions
    if kind in _SIMPLE:
        return _SIMPLE[kind][0]
    numbers = f"({', '.join(map(str, sql_types.parameters(dt)))})" if sql_types.parameters(dt) else ""
    match kind:
        case DType.DECIMAL:
            return "decimal({},{})".format(*sql_types.precision_scale(dt))
        case DType.VARCHAR | DType.CHAR:
            return f"{kind.value.lower()}{numbers}"
        case DType.TIMESTAMP | DType.TIME:
            return f"{kind.value.lower()}({sql_types.digits(dt)})"
        case DType.TIMETZ:
            return f"time({sql_types.digits(dt)}) with time zone"
        case DType.TIMESTAMPTZ:
            return f"timestamp({sql_types.digits(dt)}) with time zone"
        case DType.INTERVAL:
            return "interval year to month" if sql_types.is_month_interval(dt) else "interval day to second"
        case DType.ARRAY:
            return f"array({trino_name(parts[0])})"
        case DType.MAP:
            return f"map({trino_name(parts[0])}, {trino_name(parts[1])})"
        case DType.STRUCT:
            return f"row({', '.join(f'{name} {trino_name(t)}'.strip() for name, t in sql_types.fields(dt))})"
    return "unknown"


def duckdb_name(dt: DataType) -> str:
    """Return DuckDB's name of a type.

    Raises:
        AthenaError: NOT_SUPPORTED: DuckDB has no such type, or inference has not determined it.
    """
    kind, parts = dt.this, dt.expressions
    if kind in _SIMPLE:
        return _SIMPLE[kind][1]
    match kind:
        case DType.NULL:
            return "INTEGER"  # DuckDB's type for the elements of an empty array
        case DType.DECIMAL:
            return "DECIMAL({},{})".format(*sql_types.precision_scale(dt))
        case DType.VARCHAR | DType.CHAR:
            return "VARCHAR"
        case DType.TIMESTAMPTZ:
            return "TIMESTAMP WITH TIME ZONE"
        case DType.TIMESTAMP | DType.TIME | DType.INTERVAL:
            return str(kind.value)
        case DType.ARRAY:
            return f"{duckdb_name(parts[0])}[]"
        case DType.MAP:
            return f"MAP({duckdb_name(parts[0])}, {duckdb_name(parts[1])})"
        case DType.STRUCT:
            fields = [f"{sql_text.identifier(name)} {duckdb_name(t)}" for name, t in sql_types.named_fields(dt)]
            return f"STRUCT({', '.join(fields)})"
    raise not_supported(f"a value of the type {trino_name(dt)} is not in the emulator's engine")


def hive_name(dt: DataType) -> str:
    """Return Hive's name of a type, as in Glue columns.

    Raises:
        ValueError: Hive has no such type.
    """
    kind, parts = dt.this, dt.expressions
    if kind in _SIMPLE:
        return _SIMPLE[kind][2]
    match kind:
        case DType.DECIMAL | DType.CHAR:
            return trino_name(dt)
        case DType.VARCHAR:
            return trino_name(dt) if sql_types.parameters(dt) else "string"
        case DType.TIMESTAMP | DType.TIMESTAMPTZ:
            return "timestamp"
        case DType.ARRAY:
            return f"array<{hive_name(parts[0])}>"
        case DType.MAP:
            return f"map<{hive_name(parts[0])},{hive_name(parts[1])}>"
        case DType.STRUCT:
            return "struct<{}>".format(",".join(f"{name}:{hive_name(t)}" for name, t in sql_types.named_fields(dt)))
    raise ValueError(f"Unsupported Hive type: {trino_name(dt)}")
