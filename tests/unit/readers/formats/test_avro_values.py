"""Avro: a value that no type holds costs its record and not the file; floats and nanoseconds are exact."""

import json
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import DATE, DOUBLE, FLOAT, LONG, STRING, TIMESTAMP, Type, decimal, list_of, struct_of
from lakehouse.readers.formats import avro
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.reliability.hostile_files import avro as container
from tests.support.sample_files import avro_bytes, parquet_bytes


def read(type_: Any, values: list[Any], *columns: Type, **options: Any) -> list[dict[str, Any]]:
    schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": type_}]}
    (target,) = columns
    shop = contract(column("x", target, options=Options(**options)), format_="avro")
    return rows(shop, avro_bytes([{"x": value} for value in values], schema=schema))


def logical(type_: str, logical_type: str, /, **more: Any) -> dict[str, Any]:
    return {"type": type_, "logicalType": logical_type, **more}


TOO_FAR = 2**62
OUTSIDE = [
    (logical("long", "timestamp-millis"), 0, TOO_FAR, TIMESTAMP),
    (logical("long", "timestamp-micros"), 0, -TOO_FAR, TIMESTAMP),
    (logical("long", "local-timestamp-millis"), 0, 253_402_300_800_000, TIMESTAMP),
    (logical("long", "local-timestamp-micros"), 0, -62_135_596_800_000_001, TIMESTAMP),
    (logical("int", "date"), 0, 2_932_897, DATE),
    (logical("int", "date"), 0, -719_163, DATE),
    (logical("int", "date"), 0, 2**31 - 1, DATE),
    (logical("int", "time-millis"), 0, 86_400_000, STRING),
    (logical("int", "time-millis"), 0, -1, STRING),
    (logical("long", "time-micros"), 0, TOO_FAR, STRING),
]


@pytest.mark.parametrize(("schema", "inside", "outside", "type_"), OUTSIDE)
def test_a_value_outside_costs_its_record(schema: Any, inside: int, outside: int, type_: Type) -> None:
    [reason] = reasons(read(schema, [inside, outside], type_))
    assert f"<value out of range: {outside}>" in reason
    for target in (type_, STRING):
        result = read(["null", "string", schema], [None, "2026-01-02", outside, inside], target)
        assert [row["_errors"] is None for row in result] == [True, True, False, True]


@pytest.mark.parametrize(("schema", "inside", "outside", "type_"), OUTSIDE)
def test_a_nested_value_outside_costs_its_record(schema: Any, inside: int, outside: int, type_: Type) -> None:
    nested = {"type": "record", "name": "n", "fields": [{"name": "y", "type": {"type": "array", "items": schema}}]}
    values = [{"y": [inside]}, {"y": [inside, outside]}]
    as_json = read(nested, values, STRING, format=Format.JSON)
    assert [row["_errors"] is None for row in as_json] == [True, False]
    typed = read(nested, values, struct_of({"y": list_of(type_)}))
    if type_ is not STRING:
        assert [row["_errors"] is None for row in typed] == [True, False]
        assert reasons(typed)[0].startswith("x: y[1]: expected ")
    assert json.loads(as_json[1]["_record"]) == {
        "x": {"y": [json.loads(as_json[0]["x"])["y"][0], f"<value out of range: {outside}>"]}
    }


@pytest.mark.parametrize(
    ("schema", "value", "type_", "expected"),
    [
        (logical("long", "timestamp-nanos"), 1769855400123456000, TIMESTAMP,
         datetime(2026, 1, 31, 10, 30, 0, 123456, UTC)),
        (logical("long", "local-timestamp-nanos"), -1000, TIMESTAMP, datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
        (logical("long", "timestamp-nanos"), 1769855400123456001, STRING, "2026-01-31 10:30:00.123456001Z"),
        (logical("long", "timestamp-millis"), 253_402_300_799_999, TIMESTAMP,
         datetime(9999, 12, 31, 23, 59, 59, 999000, UTC)),
        (logical("int", "date"), -719_162, DATE, date(1, 1, 1)),
        (logical("bytes", "decimal", precision=3, scale=2), b"\x01\x86\x9f", decimal(9, 2), Decimal("999.99")),
        (logical("bytes", "decimal", precision=0), b"ab", STRING, "ab"),
        (logical("string", "timestamp-millis"), "text", STRING, "text"),
        (logical("long", "no-such-type"), 7, LONG, 7),
        (logical("string", "uuid"), "00000000-0000-0000-0000-000000000000", STRING, str(uuid.UUID(int=0))),
        (logical("fixed", "uuid", name="u", size=16), bytes(16), STRING, str(uuid.UUID(int=0))),
        (logical("fixed", "uuid", name="u", size=16), b"a" * 16, STRING, str(uuid.UUID(bytes=b"a" * 16))),
        (logical("fixed", "uuid", name="u", size=2), b"ab", STRING, "ab"),
    ],
)  # fmt: skip
def test_accepted(schema: Any, value: Any, type_: Type, expected: Any) -> None:
    assert accepted(read(schema, [value], type_)) == [{"x": expected}]
    assert accepted(read(["null", schema], [None, value], type_)) == [{"x": None}, {"x": expected}]


def test_an_invalid_logical_type_is_ignored() -> None:
    content = container(logical("bytes", "decimal", precision=2, scale=7), data=b"\x04ab")
    assert accepted(rows(contract(column("b"), format_="avro"), content)) == [{"b": "ab"}]


@pytest.mark.parametrize("text", ["no uuid", ""])
def test_a_uuid_that_is_none_costs_its_record(text: str) -> None:
    result = read(logical("string", "uuid"), [text, str(uuid.UUID(int=1))], STRING, format=Format.UUID)
    assert [row["_errors"] is None for row in result] == [False, True]


def test_nanoseconds_that_no_type_holds_are_named() -> None:
    [reason] = reasons(read(logical("long", "timestamp-nanos"), [1], TIMESTAMP))
    assert reason == "x: timestamp finer than microseconds, found '1970-01-01 00:00:00.000000001Z'"


NUMBERS = [1.1, 0.1, 3.25, 16777216.0, 1e-3]


@pytest.mark.parametrize("type_", [decimal(12, 3), DOUBLE, FLOAT, STRING])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_float_is_one_value_in_every_format(number: float, type_: Type) -> None:
    target = column("x", type_)
    single = pa.array([number], pa.float32())
    text = single.cast(pa.string())[0].as_py()
    read_as = {
        "parquet": rows(contract(target, format_="parquet"), parquet_bytes(pa.table({"x": single}))),
        "avro": read("float", [number], type_),
        "avro union": read(["null", "float", "string"], [number, "1"], type_)[:1],
    }
    if type_ is not STRING:
        read_as["csv"] = rows(contract(target), f"x\n{text}\n".encode())
        read_as["jsonl"] = rows(contract(target, format_="jsonl"), f'{{"x": {text}}}\n'.encode())
    values = {name: accepted(result) for name, result in read_as.items()}
    assert all(value == values["parquet"] and value for value in values.values()), values


@pytest.mark.parametrize("number", NUMBERS)
def test_a_nested_float_is_one_value_in_every_format(number: float) -> None:
    array = pa.array([{"y": [number]}], pa.struct([("y", pa.list_(pa.float32()))]))
    text = array.field(0)[0].values.cast(pa.string())[0].as_py()
    nested = {"type": "record", "name": "n", "fields": [{"name": "y", "type": {"type": "array", "items": "float"}}]}
    for type_, options in ((struct_of({"y": list_of(decimal(12, 3))}), {}), (STRING, {"format": Format.JSON})):
        shop = contract(column("x", type_, options=Options(**options)), format_="parquet")
        from_parquet = rows(shop, parquet_bytes(pa.table({"x": array})))
        from_avro = read(nested, [{"y": [number]}], type_, **options)
        if type_ is not STRING:
            assert accepted(from_parquet) == accepted(from_avro) != []
            continue
        for [row] in (from_parquet, from_avro):
            assert json.loads(row["x"], parse_float=Decimal) == {"y": [Decimal(text)]}


@pytest.mark.parametrize("kind", ["array", "map", "record"])
def test_what_nests_is_no_text_unless_the_column_is_json(kind: str) -> None:
    schema, value, array = {
        "array": ({"type": "array", "items": "int"}, [1], pa.array([[1], None])),
        "map": ({"type": "map", "values": "int"}, {"k": 1},
                pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32()))),
        "record": ({"type": "record", "name": "n", "fields": [{"name": "k", "type": "int"}]}, {"k": 1},
                   pa.array([{"k": 1}, None])),
    }[kind]  # fmt: skip
    text = json.dumps(value)
    for options, expected in (({}, [f"x: expected string, found '{text}'"]), ({"format": Format.JSON}, [])):
        shop = contract(column("x", options=Options(**options)), format_="parquet")
        from_parquet = rows(shop, parquet_bytes(pa.table({"x": array})))
        from_avro = read(["null", schema], [value, None], STRING, **options)
        assert reasons(from_avro) == reasons(from_parquet) == expected
        assert accepted(from_avro) == accepted(from_parquet)
    assert accepted(from_avro) == [{"x": text}, {"x": None}]


def test_metadata_may_be_any_bytes() -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "x", "type": "int"}]}
    content = avro_bytes([{"x": 1}], schema=schema)
    start = content.index(b"\x04") + 1  # two entries; a third one is put before them
    content = content[: start - 1] + b"\x06" + b"\x02\xff" + b"\x04\xd7\x00" + content[start:]
    assert accepted(rows(contract(column("x", LONG), format_="avro"), content)) == [{"x": 1}]


def test_long_records_are_rejected_and_chunks_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avro, "MAX_RECORD", 1000)
    monkeypatch.setattr(avro, "BATCH_BYTES", 300)
    result = read("string", ["a" * 100, "b" * 2000, *["c" * 200] * 5], STRING)
    assert [row["_source_row"] for row in result] == list(range(1, 8))
    assert [row["_errors"] is None for row in result] == [True, False, *[True] * 5]
    assert reasons(result) == ["longer than 16 MiB; `_record` has its beginning"]
