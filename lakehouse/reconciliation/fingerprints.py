"""Text of rows that the source and the lakehouse compute alike, and its checksum.

Each value has one text in both: numbers of floating point by their bits, times by their microseconds, bytes in
hexadecimal. A checksum is 60 bits of the MD5 of all texts, so that its sum is the same number in both.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.model import Column
from lakehouse.contracts.types import Kind

NUMBERS = ("smallint", "integer", "bigint", "oid", "numeric", "real", "double precision")
_INTEGERS = ("smallint", "integer", "bigint", "oid")
_TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
_HASH_DIGITS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumn:
    """A column of a table in PostgreSQL.

    Attributes:
        name: its name.
        type: its type without modifiers; of a domain, the type that it is based on.
        scaled: whether it is a numeric with a precision.
    """

    name: str
    type: str
    scaled: bool = False

    @property
    def quoted(self) -> str:
        """Its name in SQL."""
        return quoted(self.name)


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def value_sql(column: Column, source: SourceColumn) -> str | None:
    """Return the SQL of a value's text in PostgreSQL; None if both sides may write the same value differently.

    A value that the column's type cannot hold has a text that no accepted value has.
    """
    if column.cleansing:
        return None
    name, kind, type_ = source.quoted, column.type.kind, source.type
    text = f"format('%s', {name})"
    match kind:
        case Kind.INT | Kind.LONG | Kind.DECIMAL if type_ in NUMBERS:
            scale = column.type.scale if kind is Kind.DECIMAL else 0
            special = "('NaN', 'Infinity', '-Infinity')"
            number = f"{name}::text::numeric"  # not of a float itself: that keeps only 15 digits
            return (
                f"CASE WHEN {name}::text IN {special} THEN {name}::text "
                f"WHEN {number} = round({number}, {scale}) THEN round({number}, {scale})::text ELSE {text} END"
            )
        case Kind.FLOAT | Kind.DOUBLE if type_ in NUMBERS:
            bits, to, of = (32, "float4", "int4") if kind is Kind.FLOAT else (64, "float8", "int8")
            send = f"('x' || encode({to}send({name}::{to}), 'hex'))::bit({bits})::{of}::text"
            return f"CASE WHEN {_fits(name, type_, to)} THEN {send} ELSE {text} END"
        case Kind.BOOLEAN if type_ == "boolean":
            return f"{name}::text"
        case Kind.DATE if type_ in _TIMES:
            midnight = f"{name}::timestamp = date_trunc('day', {name}::timestamp)"
            days = f"({name}::date - date '1970-01-01')::text"
            return f"CASE WHEN isfinite({name}) AND {midnight} THEN {days} ELSE {text} END"
        case Kind.TIMESTAMP if type_ in _TIMES:
            micros = f"(extract(epoch FROM {name}::timestamp) * 1000000)::bigint::text"
            return f"CASE WHEN isfinite({name}) THEN {micros} ELSE {text} END"
        case Kind.BINARY if type_ == "bytea":
            return f"encode({name}, 'hex')"
        case Kind.STRING if type_ not in ("real", "double precision", *_TIMES[1:]):
            if type_ == "numeric" and not source.scaled:
                return None
            sent = dms_text_sql(source)
            return f"rtrim({sent}, ' ')" if column.options.trim_padding else sent
        case Kind.LIST if type_.endswith("[]") and column.type.element is not None:
            element = SourceColumn(name="e", type=type_.removesuffix("[]"), scaled=source.scaled)
            value = value_sql(Column(name="e", type=column.type.element, source_name="e"), element)
            if value is None:
                return None
            # Arrays of several dimensions, or with other bounds than from 1, are rejected.
            listed = f"SELECT coalesce(string_agg({part_sql(value, element.quoted)}, '' ORDER BY o), '')"
            return (
                f"CASE WHEN array_ndims({name}) > 1 OR array_lower({name}, 1) <> 1 THEN {text} "
                f"ELSE ({listed} FROM unnest({name}) WITH ORDINALITY AS elements (e, o)) END"
            )
    return None


def _fits(name: str, type_: str, to: str) -> str:
    """Return the SQL of whether PostgreSQL can cast a number to a type of floating point; it refuses others."""
    if type_ == "real" or (type_ == "double precision" and to == "float8"):
        return f"abs({name}::float8) < 'Infinity'"
    of = "float8" if type_ == "double precision" else "numeric"
    least, most = ("1e-45", "3.4028235e38") if to == "float4" else ("4.95e-324", "1.7976931348623157e308")
    return f"({name} = 0 OR abs({name}::{of}) BETWEEN {least}::{of} AND {most}::{of})"


def dms_text_sql(source: SourceColumn) -> str:
    """Return the SQL of the text that DMS sends of a value."""
    name = source.quoted
    match source.type:
        case "boolean":
            return f"{name}::text"
        case "bytea":
            return f"replace(encode({name}, 'base64'), E'\\n', '')"
        case "time without time zone":
            return f"left(to_char({name}, 'HH24:MI:SS.US'), 12)"  # DMS cuts microseconds
        case "real" | "double precision":
            return f"{name}::text"
    return f"format('%s', {name})"


def part_sql(value: str, name: str, *, utf8: bool = True) -> str:
    """Return the SQL of one value in the text of its row: unambiguous, whatever the values are.

    Args:
        value: SQL of its text.
        name: the quoted column.
        utf8: whether texts of the database are in UTF-8.
    """
    encoded = value if utf8 else f"convert_to({value}, 'UTF8')"
    return f"CASE WHEN {name} IS NULL THEN 'n' ELSE 'v' || octet_length({encoded}) || ':' || {value} END"


def hash_sql(row: str, *, utf8: bool) -> str:
    """Return the SQL of the checksum of a row's text."""
    encoded = row if utf8 else f"convert_to({row}, 'UTF8')"
    return f"('x' || substr(md5({encoded}), 1, {_HASH_DIGITS}))::bit({4 * _HASH_DIGITS})::bigint"


def texts(values: pa.Array, column: Column) -> list[str | None]:
    """Return the texts of values of an integration table."""
    match column.type.kind:
        case Kind.LIST if column.type.element is not None:
            element = Column(name="e", type=column.type.element, source_name="e")
            elements = iter(_parts(texts(values.flatten(), element)))
            lengths = pc.list_value_length(values).to_pylist()
            return [None if length is None else "".join(islice(elements, length)) for length in lengths]
        case Kind.FLOAT:
            values = values.view(pa.int32())
        case Kind.DOUBLE:
            values = values.view(pa.int64())
        case Kind.DATE:
            values = values.view(pa.int32())
        case Kind.TIMESTAMP:
            values = values.cast(pa.timestamp("us", "UTC")).view(pa.int64())
        case Kind.BINARY:
            return [None if value is None else value.hex() for value in values.to_pylist()]
        case Kind.DECIMAL:  # Arrow writes small ones with an exponent
            return [None if value is None else f"{value:f}" for value in values.to_pylist()]
        case Kind.BOOLEAN:
            return [None if value is None else str(value).lower() for value in values.to_pylist()]
    found: list[str | None] = pc.cast(values, pa.string()).to_pylist()
    return found


def checksum(row: Sequence[str | None]) -> int:
    """Return the checksum of the texts of a row."""
    # MD5, because every PostgreSQL has it; it finds differences, it does not guard against forgery.
    digest = hashlib.md5("".join(_parts(row)).encode(), usedforsecurity=False).hexdigest()
    return int(digest[:_HASH_DIGITS], 16)


def _parts(values: Iterable[str | None]) -> Iterator[str]:
    return ("n" if text is None else f"v{len(text.encode())}:{text}" for text in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrder:
    """How values of a key column are ordered, alike in PostgreSQL and in SQLite.

    Attributes:
        sql: what PostgreSQL orders by.
        store: returns the value as SQLite orders it.
        literal: returns a stored value in PostgreSQL's SQL.
    """

    sql: str
    store: Callable[[Any], Any]
    literal: Callable[[Any], str]


def key_order(column: Column, source: SourceColumn) -> KeyOrder | None:
    """Return the order of a key column; None if both sides cannot order it alike.

    The order of text is that of its code points, whatever the collation of the database is.
    """
    name, kind, scale = source.quoted, column.type.kind, column.type.scale or 0
    text = value_sql(column, source)
    if text is None:
        return None
    match kind:
        case Kind.INT | Kind.LONG:
            return KeyOrder(sql=name, store=int, literal=str)
        case Kind.DECIMAL:
            shift = 10**39  # a number of as many digits for every value, which sorts as the value does
            return KeyOrder(
                sql=name,
                store=lambda value: f"{int(value.scaleb(scale)) + shift:041d}",
                literal=lambda stored: f"({int(stored) - shift}::numeric / {10**scale}::numeric)",
            )
        case Kind.DATE:
            return KeyOrder(sql=name, store=_days, literal=lambda days: f"(date '1970-01-01' + {days})")
        case Kind.TIMESTAMP:
            zone = "timestamptz" if source.type == "timestamp with time zone" else "timestamp"
            epoch = f"{zone} '1970-01-01 00:00:00'"
            return KeyOrder(
                sql=name,
                store=_micros,
                literal=lambda micros: (
                    f"({epoch} + {micros // 1_000_000} * interval '1 second' "
                    f"+ {micros % 1_000_000} * interval '1 microsecond')"
                ),
            )
        case Kind.BINARY:
            return KeyOrder(sql=name, store=bytes, literal=lambda value: f"'\\x{value.hex()}'::bytea")
        case Kind.STRING:
            return KeyOrder(sql=f'({text}) COLLATE "C"', store=str, literal=_text_literal)
    return None


def _days(value: Any) -> int:
    return int(value.toordinal()) - 719_163


def _micros(value: Any) -> int:
    return int(pa.scalar(value, pa.timestamp("us", "UTC")).value)


def _text_literal(text: str) -> str:
    encoded = base64.b64encode(text.encode()).decode()
    return f"convert_from(decode('{encoded}', 'base64'), 'UTF8')"
