"""Parquet: the source's types become the contract's without changing a value, or the record is rejected."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    Type,
    decimal,
    list_of,
    struct_of,
)
from lakehouse.readers.formats import parquet
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.examples import examples
from tests.support.sample_files import parquet_bytes


def read_one(values: pa.Array, type_: Type, **settings: Any) -> list[dict[str, Any]]:
    shop = contract(column("x", type_, **settings), format_="parquet")
    return rows(shop, parquet_bytes(pa.table({"x": values})))


AT = datetime(2026, 1, 2, 3, 4, 5, 678000)


@pytest.mark.parametrize(
    ("array", "type_", "value"),
    [
        (pa.array([7], pa.int8()), INT, 7),
        (pa.array([7], pa.uint64()), LONG, 7),
        (pa.array([17850.0]), INT, 17850),
        (pa.array([b"seven"], pa.binary_view()), STRING, "seven"),
        (pa.array([Decimal("7.00")]), LONG, 7),
        (pa.array(["7.0"]), INT, 7),
        (pa.array([0.1]), decimal(5, 2), Decimal("0.10")),
        (pa.array([2]), decimal(5, 2), Decimal(2)),
        (pa.array([Decimal("1.5000")]), decimal(5, 2), Decimal("1.50")),
        (pa.array([0.5], pa.float32()), DOUBLE, 0.5),
        (pa.array([1]), BOOLEAN, True),
        (pa.array([AT], pa.timestamp("ms")), TIMESTAMP, AT.replace(tzinfo=UTC)),
        (pa.array([AT], pa.timestamp("ns", "Europe/Warsaw")), TIMESTAMP, AT.replace(tzinfo=UTC)),
        (pa.array([date(2026, 1, 2)]), TIMESTAMP, datetime(2026, 1, 2, tzinfo=UTC)),
        (pa.array([datetime(2026, 1, 2)], pa.timestamp("us")), DATE, date(2026, 1, 2)),
        (pa.array(["2026-01-02"]).dictionary_encode(), DATE, date(2026, 1, 2)),
        (pa.array([time(3, 4, 5)]), STRING, "03:04:05.000000"),
        (pa.array([7]), STRING, "7"),
        (pa.array([True]), STRING, "true"),
        (pa.array([b"text"]), STRING, "text"),
        (pa.array([b"\xff"]), BINARY, b"\xff"),
        (pa.array([b"ab"], pa.binary(2)), BINARY, b"ab"),
        (pa.array([[1, 2]]), list_of(INT), [1, 2]),
        (pa.array([{"b": 1, "a": AT}]), struct_of({"a": TIMESTAMP, "b": INT}), {"a": AT.replace(tzinfo=UTC), "b": 1}),
        (pa.array([None], pa.null()), INT, None),
    ],
)
def test_accepted(array: pa.Array, type_: Type, value: Any) -> None:
    assert accepted(read_one(array, type_)) == [{"x": value}]


@pytest.mark.parametrize(
    ("array", "type_", "reason"),
    [
        (pa.array([2**40]), INT, "outside the range of int, found '1099511627776'"),
        (pa.array([1.5]), INT, "expected integer, found '1.5'"),
        (pa.array([1.005]), decimal(5, 2), "more than 2 digits after the decimal point, found '1.005'"),
        (pa.array([Decimal("1000.00")]), decimal(5, 2), "outside the range of decimal(5,2), found '1000.00'"),
        (pa.array([float("nan")]), DOUBLE, "expected number, found 'nan'"),
        (pa.array([2]), BOOLEAN, "expected boolean, found '2'"),
        (pa.array([1], pa.timestamp("ns")), TIMESTAMP,
         "timestamp finer than microseconds, found '1970-01-01 00:00:00.000000001'"),
        (pa.array([AT]), DATE, "expected date, found '2026-01-02 03:04:05.678000'"),
        (pa.array([10**7], pa.date32()), DATE, "expected date, found '29349-01-26'"),
        (pa.array([10**18], pa.timestamp("us")), TIMESTAMP,
         "expected timestamp, found '<value out of range: 1000000000000000000>'"),
        (pa.array([b"\xff"]), STRING, "invalid UTF-8 at byte 1"),
        (pa.array([["a"]]), list_of(INT), "[0]: expected integer, found 'a'"),
        (pa.array([[1]]), INT, "expected integer, found '[1]'"),
    ],
)  # fmt: skip
def test_rejected(array: pa.Array, type_: Type, reason: str) -> None:
    result = read_one(pa.concat_arrays([array, pa.nulls(1, array.type)]), type_)
    assert reasons(result) == [f"x: {reason}"]
    assert accepted(result) == [{"x": None}]


def test_a_rejected_record_is_kept_as_json() -> None:
    shop = contract(column("id", INT, required=True), column("x"), format_="parquet")
    table = pa.table({"id": pa.array([None], pa.int64()), "x": ["é"], "n": [1.5], "b": [b"\xff"], "l": [[{"t": AT}]]})
    (row,) = rows(shop, parquet_bytes(table))
    assert row["_source_row"] == 1
    assert json.loads(row["_record"]) == {
        "id": None,
        "x": "é",
        "n": 1.5,
        "b": "/w==",
        "l": [{"t": "2026-01-02 03:04:05.678000"}],
    }


def test_columns_that_the_contract_lacks_are_kept_next_to_the_accepted_record() -> None:
    shop = contract(column("id", INT), format_="parquet")
    result = rows(shop, parquet_bytes(pa.table({"id": [1, 2], "new": [Decimal("1.50"), None]})))
    assert [(row["_errors"], row["_record"]) for row in result] == [(None, '{"new": 1.50}'), (None, None)]


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        (pa.array([2**60], pa.timestamp("us")), "<value out of range: 1152921504606846976>"),
        (pa.array([2**30], pa.date32()), "<value out of range: 1073741824>"),
        (pa.array([2**62], pa.duration("us")), "4611686018427387904"),
        (pa.array([[2**60]], pa.list_(pa.timestamp("us"))), ["<value out of range: 1152921504606846976>"]),
        (pa.array([1], pa.time64("ns")), "00:00:00.000000001"),
        (pa.array([0.1], pa.float32()), 0.1),
        (pa.array([float("nan")]), "nan"),
        (pa.array([float("-inf")], pa.float32()), "-inf"),
        (pa.array([True]), True),
    ],
)
@pytest.mark.parametrize("sent", ["1", "x"])
def test_columns_of_every_type_that_the_contract_lacks_are_kept_as_json(more: pa.Array, kept: Any, sent: str) -> None:
    [row] = rows(contract(column("a", LONG), format_="parquet"), parquet_bytes(pa.table({"a": [sent], "more": more})))
    assert json.loads(row["_record"])["more"] == kept
    assert (row["_errors"] is None) == (sent == "1")


def test_fields_of_one_name_are_rejected_at_any_depth() -> None:
    twice = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    result = rows(contract(column("a"), format_="parquet"), parquet_bytes(pa.table({"a": ["1"], "more": twice})))
    assert reasons(result) == ["unreadable: column 'more.x' occurs more than once"]


def test_a_damaged_file_is_one_rejected_row_wherever_the_damage_is() -> None:
    shop = contract(column("id", LONG), format_="parquet")
    table = pa.table({"id": list(range(50_000))})
    whole = parquet_bytes(table, row_group_size=5_000, use_dictionary=False, write_page_checksum=True)
    middle = len(whole) // 2
    for content in (whole[:-100], whole[:middle], b"id\n1\n", whole[:middle] + b"\0" * 64 + whole[middle + 64 :]):
        (row,) = rows(shop, content)
        assert reasons([row])[0].startswith("unreadable: damaged or not Parquet: ")
        assert row["_record"] == ""
    assert len(rows(shop, whole)) == 50_000


def test_batches_of_wide_records_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BATCH_BYTES", 100_000)
    shop = contract(column("x"), format_="parquet")
    result = rows(shop, parquet_bytes(pa.table({"x": [f"{i:01000}" for i in range(1000)]}), use_dictionary=False))
    assert [row["_source_row"] for row in result] == list(range(1, 1001))


DMS = contract(
    column("id", INT, required=True), column("name", required=True), format_="parquet", key=("id",),
    type="postgresql", schema="public", table="orders",
)  # fmt: skip


def dms(**columns: list[Any]) -> bytes:
    count = len(columns["id"])
    sent = {"Op": ["I"] * count, **columns}
    sent |= {"_commit_ts": ["2026-01-02 03:04:05.678901"] * count, "_change_seq": ["7" * 35] * count} | columns
    return parquet_bytes(pa.table(sent))


def test_records_of_a_database_have_their_change() -> None:
    (row,) = rows(DMS, dms(id=[1], name=["a"]))
    assert (row["_op"], row["_change_seq"], row["_errors"]) == ("I", "7" * 35, None)
    assert row["_commit_ts"] == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_a_deleted_record_needs_its_key_only() -> None:
    result = rows(DMS, dms(Op=["D", "D", "U"], id=[1, None, 3], name=[None, "b", None]))
    assert reasons(result) == ["id: required, but empty", "name: required, but empty"]
    assert [row["id"] for row in accepted(result)] == [1]


def test_a_change_that_cannot_be_ordered_is_rejected() -> None:
    result = rows(DMS, dms(Op=["I", "I", "X"], id=[1, 2, 3], name=["a"] * 3, _change_seq=["", "12", None]))
    assert reasons(result) == [
        "_change_seq: does not match ^(?:[0-9]{35})?$, found '12'",
        "_op: not one of I, U, D, found 'X'",
    ]
    assert reasons(rows(DMS, parquet_bytes(pa.table({"id": [1], "name": ["a"]})))) == [
        "_op: required, but the file has no such column",
        "_commit_ts: required, but the file has no such column",
    ]


def test_a_time_is_text() -> None:
    result = read_one(pa.array([time(3, 4, 5), None]), STRING, options=Options(format=Format.TIME))
    assert accepted(result) == [{"x": "03:04:05.000000"}, {"x": None}]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_times_as_text_have_the_contracts_format(type_: pa.DataType) -> None:
    result = read_one(pa.array(["31.12.2026"], type_), DATE, options=Options(time_format="dd.MM.yyyy"))
    assert accepted(result) == [{"x": date(2026, 12, 31)}]


ARROW_TYPES = st.sampled_from(
    [
        pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.large_string(), pa.binary(),
        pa.date32(), pa.timestamp("ns"), pa.timestamp("s", "Asia/Tokyo"), pa.time64("us"), pa.duration("us"),
        pa.decimal128(7, 3), pa.list_(pa.int16()), pa.struct([("a", pa.date32())]), pa.map_(pa.string(), pa.float32()),
    ]
)  # fmt: skip
TYPES = st.sampled_from(
    [
        STRING,
        BOOLEAN,
        INT,
        LONG,
        DOUBLE,
        DATE,
        TIMESTAMP,
        BINARY,
        decimal(9, 2),
        list_of(STRING),
        struct_of({"a": DATE}),
    ]
)


@settings(max_examples=examples(300))
@given(ARROW_TYPES, TYPES, st.binary(min_size=64, max_size=64))
def test_any_arrow_type_with_any_content_is_read_as_any_type(source: pa.DataType, type_: Type, noise: bytes) -> None:
    try:
        values = _of_noise(source, noise)
        content = parquet_bytes(pa.table({"x": values}))
    except pa.ArrowException:
        return  # nothing that Parquet can hold
    result = rows(contract(column("x", type_), format_="parquet"), content)
    assert len(result) == len(values)


def _of_noise(source: pa.DataType, noise: bytes) -> pa.Array:
    if pa.types.is_nested(source):
        if pa.types.is_struct(source):
            return pa.StructArray.from_arrays([_of_noise(source[0].type, noise)], names=["a"])
        items = _of_noise(source.item_type if pa.types.is_map(source) else source.value_type, noise)
        offsets = pa.array([0, 1, 1, 3], pa.int32())
        if pa.types.is_map(source):
            return pa.MapArray.from_arrays(offsets, pa.array(["a", "b", "c"]), items[:3])
        return pa.ListArray.from_arrays(offsets, items[:3])
    if pa.types.is_string(source) or pa.types.is_large_string(source):
        return pa.array([noise[:5].decode("latin-1"), None, "1"], source)
    if pa.types.is_binary(source):
        return pa.array([noise[:5], None, b"1"], source)
    if pa.types.is_decimal(source):
        return pa.array([int.from_bytes(noise[:2]), None, 1], pa.int16() if noise[0] < 128 else pa.int32()).cast(source)
    return pa.Array.from_buffers(source, 3, [None, pa.py_buffer(noise)])


def test_invalid_utf8_is_rejected_value_by_value() -> None:
    shop = contract(column("id", LONG), column("name", STRING), format_="parquet")
    table = pa.table({"id": [1, 2], "name": ["hostile?", "ordinary"]})
    content = parquet_bytes(table, use_dictionary=False, compression="none")
    result = rows(shop, content.replace(b"hostile?", b"hostile\xff"))
    assert reasons(result) == ["name: invalid UTF-8 at byte 8"]
    assert accepted(result) == [{"id": 2, "name": "ordinary"}]
    nested = contract(column("tags", list_of(STRING)), format_="parquet")
    whole = parquet_bytes(pa.table({"tags": [["hostile?"], ["x"]]}), use_dictionary=False, compression="none")
    result = rows(nested, whole.replace(b"hostile?", b"hostile\xff"))
    assert reasons(result) == ["tags: invalid UTF-8"]
    assert accepted(result) == [{"tags": ["x"]}]
