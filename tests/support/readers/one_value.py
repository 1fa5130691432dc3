"""Values in the types of every format, and how each format brings them to a column."""

import base64
import io
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from lakehouse.contracts import dms
from lakehouse.contracts.model import Column, Format, Options
from lakehouse.contracts.types import Type, list_of, struct_of
from tests.support.contract_builders import column, contract, rows

AVRO_UUID = {"type": "string", "logicalType": "uuid"}


@dataclass(frozen=True)
class Sent:
    """A value that a source sends.

    Attributes:
        value: in Python.
        text: how a text source writes it.
        json: how a JSON source writes it; None if JSON has no such value.
        avro: types of Avro that hold it.
        arrow: types of Arrow that hold it.
    """

    value: Any
    text: str
    json: str | None
    avro: tuple[Any, ...]
    arrow: tuple[pa.DataType, ...]


def _integer(value: int) -> Sent:
    small = -(2**31) <= value < 2**31
    avro = ("int", "long") if small else ("long",)
    arrow = (pa.int32(), pa.int64(), pa.decimal128(38, 0)) if small else (pa.int64(), pa.decimal128(38, 0))
    return Sent(value, str(value), str(value), avro, arrow)


def _double(value: float) -> Sent:
    text = pa.array([value]).cast(pa.string())[0].as_py()
    return Sent(value, text, text if np.isfinite(value) else None, ("double",), (pa.float64(),))


def _single(text: str) -> Sent:
    """A float of four bytes stands for the shortest decimal."""
    return Sent(float(np.float32(text)), text, text, ("float",), (pa.float32(),))


def _decimal(text: str) -> Sent:
    value = Decimal(text)
    scale = -int(value.as_tuple().exponent)
    avro = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": scale}
    return Sent(value, text, text, (avro,), (pa.decimal128(38, scale), pa.decimal256(60, scale)))


def _text(value: str) -> Sent:
    return Sent(value, value, json.dumps(value, ensure_ascii=False), ("string",), (pa.string(), pa.large_string()))


def _date(value: date) -> Sent:
    return Sent(value, str(value), json.dumps(str(value)), ({"type": "int", "logicalType": "date"},), (pa.date32(),))


def _instant(value: datetime) -> Sent:
    text = value.isoformat(sep=" ", timespec="microseconds") + "Z"
    avro = ({"type": "long", "logicalType": "timestamp-micros"},)
    return Sent(value.replace(tzinfo=UTC), text, json.dumps(text), avro, (pa.timestamp("us", "UTC"),))


def _local(value: datetime) -> Sent:
    text = value.isoformat(sep=" ", timespec="microseconds")
    avro = ({"type": "long", "logicalType": "local-timestamp-micros"},)
    return Sent(value, text, json.dumps(text), avro, (pa.timestamp("us"),))


def _time(value: time) -> Sent:
    text = value.isoformat(timespec="microseconds")
    return Sent(value, text, json.dumps(text), ({"type": "long", "logicalType": "time-micros"},), (pa.time64("us"),))


def _uuid(value: uuid.UUID) -> Sent:
    return Sent(str(value), str(value), json.dumps(str(value)), (AVRO_UUID,), (pa.string(),))


def _bytes(value: bytes) -> Sent:
    """Bytes that are UTF-8 are their text, except in a column of bytes; see `values_for`."""
    text = value.decode()
    return Sent(value, text, json.dumps(text), ("bytes",), (pa.binary(), pa.large_binary()))


def _base64(value: bytes) -> Sent:
    text = base64.b64encode(value).decode()
    return Sent(value, text, json.dumps(text), ("bytes",), (pa.binary(), pa.large_binary()))


COMMON = (
    *(Sent(value, str(value).lower(), str(value).lower(), ("boolean",), (pa.bool_(),)) for value in (True, False)),
    *map(_integer, (0, 1, -1, 2, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63))),
    *map(_double, (0.0, -0.0, 0.1, 1.5, 17850.0, 1e3, 1e16, 1e22, 1e-7, 1.7976931348623157e308, 5e-324)),
    *map(_double, (float("nan"), float("inf"), float("-inf"))),
    *map(_single, ("1.1", "0.1", "3.25", "16777216")),
    *map(_decimal, ("1.50", "999.99", "0.00", "-0.01", "12345678901234567890.123456789012345678", "1000.0")),
    *map(_text, (" ", "a", " 1 ", "true", "1", "1e2", "0x10", "1_000", "é\n", "2026-01-31", "10:30:00", "null", "[1]")),
    *map(_text, ('{"a": 1}', '{"a": NaN}', "NaN", "\N{ARABIC-INDIC DIGIT ONE}")),
    *map(_text, ("2026-01-31T10:30:00+02:00", "9999-12-31 23:59:59-01:00")),
    *map(_date, (date(1, 1, 1), date(1969, 12, 31), date(2024, 2, 29), date(9999, 12, 31))),
    *map(_instant, (datetime(1, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(2026, 1, 31))),
    *map(_instant, (datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(2026, 1, 31, 10, 30))),
    *map(_local, (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(2026, 1, 31, 10, 30))),
    *map(_time, (time(), time(23, 59, 59, 999999), time(10, 30))),
    _uuid(uuid.UUID(int=1)),
)
BYTES = (b"a", b"1", b"\x00", b"2026-01-31")
NO_TEXT = (b"\xff", b"\x00\xff\xfe")


def values_for(*, of_bytes: bool) -> list[Sent]:
    """Return the values for a column; text in a column of bytes is base64."""
    return [*COMMON, *(map(_base64, (*BYTES, *NO_TEXT)) if of_bytes else map(_bytes, BYTES))]


FORMATS = ("csv", "json", "jsonl", "avro", "parquet", "dms")
CONTEXTS = ("column", "list", "struct", "union")
"""Where a value stands; a union, which only Avro has, is a column in the other formats."""
Outcome = tuple[str, Any]
"""`accepted` and Python's text of the value, which shows signs and bits; or `rejected` and the reason."""


def outcomes(values: list[Sent], type_: Type, *, format_: str, context: str, options: Options) -> list[set[Outcome]]:
    """Return what becomes of each value in the types of the format that hold it; nothing if none does.

    Args:
        values: the values, each in a column of its own.
        type_: type of the column, or of the list's or struct's only value.
        format_: one of `FORMATS`.
        context: one of `CONTEXTS`.
        options: of the columns.
    """
    columns: dict[str, Any] = {}
    owners: dict[str, int] = {}
    for i, sent in enumerate(values):
        for j, shown in enumerate(_shown(sent, format_=format_, context=context)):
            columns[f"v{i}_{j}"] = shown
            owners[f"v{i}_{j}"] = i
    is_json = options.format is Format.JSON
    outer = type_ if is_json else {"list": list_of(type_), "struct": struct_of({"y": type_})}.get(context, type_)
    targets = [column(name, outer, options=options) for name in columns]
    row = _row(columns, targets, format_)
    assert all(error["column"] for error in row["_errors"] or []), "the record as a whole is rejected"
    reasons = {error["column"]: error["reason"] for error in row["_errors"] or []}
    result: list[set[Outcome]] = [set() for _ in values]
    for name, i in owners.items():
        reason = reasons.get(name)
        # What was found may be spelled in two ways, such as a time with and without zeros.
        result[i].add(("accepted", repr(row[name])) if reason is None else ("rejected", reason.split(", found")[0]))
    return result


def _shown(sent: Sent, *, format_: str, context: str) -> list[Any]:
    if format_ in ("json", "jsonl", "csv"):
        if format_ == "csv" and context in ("column", "union"):
            return [sent.text]
        if sent.json is None:
            return []
        return [{"list": f"[{sent.json}]", "struct": f'{{"y": {sent.json}}}'}.get(context, sent.json)]
    if format_ == "avro":
        return [(_avro_type(type_, context), _wrapped(sent.value, context)) for type_ in sent.avro]
    return [pa.array([_wrapped(sent.value, context)], _arrow_type(type_, context)) for type_ in sent.arrow]


def _wrapped(value: Any, context: str) -> Any:
    return {"list": [value], "struct": {"y": value}}.get(context, value)


def _avro_type(type_: Any, context: str) -> Any:
    match context:
        case "list":
            return {"type": "array", "items": type_}
        case "struct":
            return "struct", type_
        case "union":
            others = [other for other in ("null", "boolean", "string") if other != type_ and other != _base(type_)]
            return [*others[:1], type_, *others[1:]]
    return type_


def _base(type_: Any) -> Any:
    return type_["type"] if isinstance(type_, dict) else type_


def _arrow_type(type_: pa.DataType, context: str) -> pa.DataType:
    return {"list": pa.list_(type_), "struct": pa.struct([("y", type_)])}.get(context, type_)


def _row(columns: dict[str, Any], targets: list[Column], format_: str) -> dict[str, Any]:
    source = "parquet" if format_ == "dms" else format_
    shop = contract(*targets, format_=source, **({"type": "postgresql"} if format_ == "dms" else {}))
    (row,) = rows(shop, _content(columns, format_))
    return row


def _content(columns: dict[str, Any], format_: str) -> bytes:
    match format_:
        case "csv":
            fields = ['"' + text.replace('"', '""') + '"' for text in columns.values()]
            return (",".join(columns) + "\n" + ",".join(fields) + "\n").encode()
        case "json" | "jsonl":
            return ("{" + ", ".join(f'"{name}": {text}' for name, text in columns.items()) + "}").encode()
        case "avro":
            return _avro(columns)
    table = pa.table(dict(columns))
    if format_ == "dms":
        for name, value in (
            (dms.OPERATION, dms.INSERT),
            (dms.COMMIT_TIMESTAMP, "2026-01-01 00:00:00"),
            (dms.CHANGE_SEQUENCE, "1" * 35),
        ):
            table = table.append_column(name, pa.array([value]))
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def _avro(columns: dict[str, Any]) -> bytes:
    fields = []
    for name, (type_, _) in columns.items():
        if isinstance(type_, tuple):
            type_ = {"type": "record", "name": f"r_{name}", "fields": [{"name": "y", "type": type_[1]}]}
        fields.append({"name": name, "type": type_})
    file = io.BytesIO()
    schema = {"type": "record", "name": "all", "fields": fields}
    fastavro.writer(file, schema, [{name: value for name, (_, value) in columns.items()}])
    return file.getvalue()
