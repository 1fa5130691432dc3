"""Avro: records in their order, logical types kept, damage anywhere gives one rejected row."""

import json
from decimal import Decimal

import pytest

from lakehouse.readers.formats import avro
from tests.support.contract_builders import accepted, reasons, rows
from tests.support.sample_files import SHOP, avro_bytes, record


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2", "xz", "zstandard"])
def test_records_are_typed(codec: str) -> None:
    result = rows(SHOP, avro_bytes([record(), record(id=2, mixed="7")], codec=codec))
    assert accepted(result) == [record(), record(id=2, mixed=7)]
    assert [row["_source_row"] for row in result] == [1, 2]


def test_invalid_records_are_rejected_and_kept_as_json() -> None:
    result = rows(SHOP, avro_bytes([record(id=None, mixed="x"), record(id=2**40, price=Decimal("1.505")), record()]))
    assert reasons(result) == [
        "id: required, but empty",
        "mixed: expected integer, found 'x'",
        "id: outside the range of int, found '1099511627776'",
        "price: more than 2 digits after the decimal point, found '1.505'",
    ]
    assert json.loads(result[0]["_record"]) == {
        "id": None,
        "at": "2026-01-02 03:04:05.678000Z",
        "day": "2026-01-02",
        "price": 1.5,
        "tags": [1],
        "mixed": "x",
    }
    assert len(accepted(result)) == 1


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    content = avro_bytes([record(id=i, mixed=str(i) if i % 3 else i) for i in range(100)])
    whole = rows(SHOP, content)
    monkeypatch.setattr(avro, "BATCH_ROWS", 7)
    assert rows(SHOP, content) == whole


def test_damage_anywhere_is_one_rejected_row() -> None:
    content = avro_bytes([record(id=i) for i in range(1000)])
    for damaged in (content[: len(content) // 2], content[:50], b"id\n1\n", content[:-3], content[:900] + b"\xff" * 9):
        (row,) = rows(SHOP, damaged)
        assert reasons([row])[0].startswith("unreadable: damaged or not Avro: ")


def test_an_incomplete_file_is_named_as_such() -> None:
    content = avro_bytes([record()])
    header = len(avro_bytes([]))
    for end in range(header + 1, len(content)):
        (reason,) = reasons(rows(SHOP, content[:end]))
        assert any(
            text in reason for text in ("where the length of a block is expected", "ends after", "sync marker")
        ), end


def test_values_that_are_not_records_are_rejected() -> None:
    (row,) = rows(SHOP, avro_bytes([1, 2], schema="long"))  # type: ignore[list-item]
    assert reasons([row]) == ["unreadable: expected Avro records, found values of another type"]
