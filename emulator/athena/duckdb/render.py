"""Values as text in Athena's format, for results and casts to varchar."""

import itertools
from collections.abc import Iterator

from sqlglot.expressions import DataType, DType

from emulator.athena.duckdb import zones
from emulator.athena.runtime import sql_text, sql_types, type_names
from emulator.athena.runtime.errors import not_supported


def text(value: str, dt: DataType) -> str:
    """Return the SQL of the text of a value.

    Args:
        value: SQL of the value.
        dt: type of the value.
    """
    return _text(value, dt, names=(f"e{i}" for i in itertools.count()))


def clock(value: str, dt: DataType) -> str:
    """Return the SQL of the text of a timestamp's wall clock, with the digits of its type."""
    return _digits(f"(trino_day({value}) || strftime({value}, ' %H:%M:%S.%f'))", dt)


def _digits(text: str, dt: DataType) -> str:
    """Return the SQL of a text with microseconds, cut to the digits of a type."""
    digits = sql_types.digits(dt)
    if digits > sql_types.MOST_DIGITS:
        raise not_supported(f"{type_names.trino_name(dt)} is not in the emulator's engine")
    surplus = sql_types.MOST_DIGITS - digits + (digits == 0)
    return f"left({text}, -{surplus})" if surplus else text


def _text(value: str, dt: DataType, *, names: Iterator[str]) -> str:
    match dt.this:
        case DType.VARCHAR | DType.CHAR:
            return value
        case DType.FLOAT | DType.DOUBLE:
            return f"trino_double_text({value})"
        case DType.DECIMAL:
            precision, scale = sql_types.precision_scale(dt)
            # DuckDB omits the 0 before the point if the type has no digit for it.
            return f"CAST(CAST({value} AS DECIMAL({min(max(precision, scale + 1), 38)}, {scale})) AS VARCHAR)"
        case DType.DATE:
            return f"trino_day({value})"
        case DType.TIMESTAMP:
            return clock(value, dt)
        case DType.TIMESTAMPTZ:
            zone = sql_types.zone(dt)
            return f"{clock(zones.wall_clock(value, zone), dt)} || {sql_text.literal(' ' + zone)}"
        case DType.TIME:
            return _digits(f"strftime(DATE '2000-01-01' + {value}, '%H:%M:%S.%f')", dt)
        case DType.INTERVAL:
            return f"trino_{'months' if sql_types.is_month_interval(dt) else 'interval'}_text({value})"
        case DType.VARBINARY:
            return f"trim(regexp_replace(lower(hex({value})), '(..)', '\\1 ', 'g'))"
        case DType.ARRAY:
            name = next(names)
            part = _text(name, dt.expressions[0], names=names)
            items = f"list_transform({value}, lambda {name}: coalesce({part}, 'null'))"
            return f"'[' || array_to_string({items}, ', ') || ']'"
        case DType.MAP:
            return _map(value, dt, names=names)
        case DType.STRUCT:
            parts = [
                f"{sql_text.literal(f'{name}=')} || coalesce({_text(field(value, i, dt), t, names=names)}, 'null')"
                for i, (name, t) in enumerate(sql_types.named_fields(dt))
            ]
            inside = " || ', ' || ".join(parts)
            return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {inside} || '}}' END"
    return f"CAST({value} AS VARCHAR)"


def _map(value: str, dt: DataType, *, names: Iterator[str]) -> str:
    name = next(names)
    key = _text(f"{name}.key", dt.expressions[0], names=names)
    item = _text(f"{name}.value", dt.expressions[1], names=names)
    pairs = f"list_transform(map_entries({value}), lambda {name}: {key} || '=' || coalesce({item}, 'null'))"
    return f"'{{' || array_to_string({pairs}, ', ') || '}}'"


def field(value: str, index: int, dt: DataType) -> str:
    name, _ = sql_types.fields(dt)[index]
    return f"struct_extract({value}, {sql_text.literal(name) if name else index + 1})"
