"""Avro: records in their order, logical types kept, damage anywhere gives one rejected row."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from lakehouse.contracts.types import DATE, INT, LONG, TIMESTAMP, decimal, list_of
from lakehouse.readers.formats import avro
from tests.unit.readers.support import accepted, column, contract, reasons, rows

SCHEMA = {
    "type": "record",
    "name": "order",
    "fields": [
        {"name": "id", "type": ["null", "long"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}},
        {"name": "tags", "type": {"type": "array", "items": "int"}},
        {"name": "mixed", "type": ["null", "string", "long"], "default": None},
    ],
}
SHOP = contract(
    column("id", INT, required=True),
    column("at", TIMESTAMP),
    column("day", DATE),
    column("price", decimal(9, 2)),
    column("tags", list_of(LONG)),
    column("mixed", INT),
    format_="avro",
)
AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def record(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "at": AT, "day": date(2026, 1, 2), "price": Decimal("1.50"), "tags": [1], "mixed": None} | changes


def written(records: list[dict[str, Any]], *, codec: str = "deflate", schema: Any = SCHEMA) -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec=codec, sync_interval=1000)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2", "xz", "zstandard"])
def test_records_are_typed(codec: str) -> None:
    result = rows(SHOP, written([record(), record(id=2, mixed="7")], codec=codec))
    assert accepted(result) == [record(), record(id=2, mixed=7)]
    assert [row["_source_row"] for row in result] == [1, 2]


def test_invalid_records_are_rejected_and_kept_as_json() -> None:
    result = rows(SHOP, written([record(id=None, mixed="x"), record(id=2**40, price=Decimal("1.505")), record()]))
    assert reasons(result) == [
        "id: required, but empty",
        "mixed: expected integer, found 'x'",
        "id: outside the range of int, found '1099511627776'",
        "price: more than 2 digits after the decimal point, found '1.505'",
    ]
    assert json.loads(result[0]["_record"]) == {
        "id": None,
        "at": "2026-01-02 03:04:05.678000+00:00",
        "day": "2026-01-02",
        "price": 1.5,
        "tags": [1],
        "mixed": "x",
    }
    assert len(accepted(result)) == 1


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    content = written([record(id=i, mixed=str(i) if i % 3 else i) for i in range(100)])
    whole = rows(SHOP, content)
    monkeypatch.setattr(avro, "BATCH_ROWS", 7)
    assert rows(SHOP, content) == whole


def test_damage_anywhere_is_one_rejected_row() -> None:
    content = written([record(id=i) for i in range(1000)])
    for damaged in (content[: len(content) // 2], content[:50], b"id\n1\n", content[:-3], content[:900] + b"\xff" * 9):
        (row,) = rows(SHOP, damaged)
        assert reasons([row])[0].startswith("unreadable: damaged or not Avro: ")


def test_an_incomplete_file_is_named_as_such() -> None:
    content = written([record()])
    header = len(written([]))
    for end in range(header + 1, len(content)):
        (reason,) = reasons(rows(SHOP, content[:end]))
        assert any(
            text in reason for text in ("where the length of a block is expected", "ends after", "sync marker")
        ), end


def test_values_that_are_not_records_are_rejected() -> None:
    (row,) = rows(SHOP, written([1, 2], schema="long"))  # type: ignore[list-item]
    assert reasons([row]) == ["unreadable: expected Avro records, found values of another type"]
