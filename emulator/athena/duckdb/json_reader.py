"""JSON as arrays, maps and rows. DuckDB reads them, of JSON whose texts are those that Trino's casts give."""

import json
from typing import Any

from sqlglot.expressions import DataType, DType

from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import not_supported


def nested(value: str, target: DataType, *, word: str) -> str:
    """Return the SQL of a cast of JSON to an array, a map or a row.

    Args:
        value: SQL of the JSON.
        target: type of the result.
        word: CAST or TRY_CAST.

    Raises:
        AthenaError: NOT_SUPPORTED: the type has texts of a length.
    """
    if any(part.this in sql_types.TEXTS and sql_types.parameters(part) for part in sql_types.parts(target)):
        raise not_supported(f"a cast of JSON to {type_names.trino_name(target)} is not in the emulator's engine")
    shaped = f"CAST(trino_json_shaped({value}, {sql_text.literal(json.dumps(_shape(target)))}) AS JSON)"
    name = type_names.duckdb_name(target)
    if not any(part.this is DType.JSON for part in sql_types.parts(target)):
        return f"{word}({shaped} AS {name})"
    # DuckDB makes NULL of a null; as a text it stays JSON.
    return f"{word}({word}({shaped} AS {type_names.duckdb_name(_with_texts(target))}) AS {name})"


def _shape(dt: DataType) -> Any:
    """Return what `trino_json_shaped` has to know of a type."""
    match dt.this:
        case DType.ARRAY:
            return ["array", _shape(dt.expressions[0])]
        case DType.MAP:
            return ["map", _shape(dt.expressions[1])]
        case DType.STRUCT:
            return ["row", [[name, _shape(part)] for name, part in sql_types.named_fields(dt)]]
        case DType.JSON:
            return ["json"]
    return ["text"] if dt.this in sql_types.TEXTS else []


def _with_texts(dt: DataType) -> DataType:
    """Return a type with varchar in place of JSON."""
    if dt.this is DType.STRUCT:
        return sql_types.row([(name, _with_texts(part)) for name, part in sql_types.named_fields(dt)])
    if dt.this in (DType.ARRAY, DType.MAP):
        return DataType(this=dt.this, expressions=[_with_texts(part) for part in dt.expressions], nested=True)
    return sql_types.VARCHAR if dt.this is DType.JSON else dt
