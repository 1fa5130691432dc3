"""Values as JSON in Trino's format, for casts to JSON."""

import itertools
from collections.abc import Iterator

from sqlglot.expressions import DataType, DType

from emulator.athena.duckdb import render
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import AthenaError


def text(value: str, dt: DataType, *, place: str) -> str:
    """Return the SQL of the JSON text of a value, which is NULL if the value is.

    Args:
        value: SQL of the value.
        dt: type of the value.
        place: position in the statement, for messages.

    Raises:
        AthenaError: TYPE_MISMATCH: Trino does not cast values of this type to JSON.
    """
    return _text(value, dt, place=place, names=(f"j{i}" for i in itertools.count()))


def _text(value: str, dt: DataType, *, place: str, names: Iterator[str]) -> str:
    def part(sql: str, inner: DataType) -> str:
        return f"coalesce({_text(sql, inner, place=place, names=names)}, 'null')"

    match dt.this:
        case DType.NULL | DType.JSON:
            return f"CAST({value} AS VARCHAR)"
        case DType.BOOLEAN | DType.DECIMAL | DType.TINYINT | DType.SMALLINT | DType.INT | DType.BIGINT:
            return render.text(value, dt)
        case DType.FLOAT | DType.DOUBLE:
            number = render.text(value, dt)
            return f"CASE WHEN isfinite({value}) THEN {number} ELSE '\"' || {number} || '\"' END"
        case DType.VARCHAR | DType.CHAR | DType.DATE | DType.TIMESTAMP | DType.TIMESTAMPTZ:
            return f"trino_json_quoted({render.text(value, dt)})"
        case DType.ARRAY:
            name = next(names)
            parts = f"list_transform({value}, lambda {name}: {part(name, dt.expressions[0])})"
            return f"'[' || array_to_string({parts}, ',') || ']'"
        case DType.MAP if dt.expressions[0].this in {*sql_types.NUMBERS, DType.BOOLEAN, DType.VARCHAR, DType.NULL}:
            name = next(names)
            pair = f"row({render.text(f'{name}.key', dt.expressions[0])}, {part(f'{name}.value', dt.expressions[1])})"
            pairs = f"list_sort(list_transform(map_entries({value}), lambda {name}: {pair}))"
            member = f"trino_json_quoted(struct_extract({name}, 1)) || ':' || struct_extract({name}, 2)"
            return f"'{{' || array_to_string(list_transform({pairs}, lambda {name}: {member}), ',') || '}}'"
        case DType.STRUCT:
            members = []
            for index, (name, inner) in enumerate(sql_types.fields(dt)):
                key = f"trino_json_quoted({sql_text.literal(name)}) || ':' || "
                members.append(key + part(render.field(value, index, dt), inner))
            inside = " || ',' || ".join(members)
            return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {inside} || '}}' END"
    raise AthenaError("TYPE_MISMATCH", f"{place}: Cannot cast {type_names.trino_name(dt)} to json")
