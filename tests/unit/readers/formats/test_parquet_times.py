"""Instants, dates and times of every type of Parquet: what DuckDB reads is what the readers store, or rejected."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Format, Options
from lakehouse.contracts.types import STRING, TIMESTAMP, list_of, struct_of
from tests.support.contract_builders import accepted, column, contract, reasons, rows
from tests.support.sample_files import parquet_bytes

INSTANTS = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)),
    st.sampled_from(
        [
            datetime(1, 1, 1),
            datetime(1582, 10, 14),
            datetime(1677, 9, 21, 0, 12, 43, 145224),
            datetime(1969, 12, 31, 23, 59, 59, 999999),
            datetime(2262, 4, 11, 23, 47, 16, 854776),
            datetime(9999, 12, 31, 23, 59, 59, 999999),
        ]
    ),
)
PHYSICAL = [
    pytest.param("ms", None, {}, id="milliseconds"),
    pytest.param("us", None, {}, id="microseconds"),
    pytest.param("us", "UTC", {}, id="UTC"),
    pytest.param("us", "Asia/Tokyo", {}, id="zone"),
    pytest.param("us", None, {"version": "1.0"}, id="version 1"),
    pytest.param("ns", None, {"version": "2.6"}, id="nanoseconds"),
    pytest.param("us", None, {"use_deprecated_int96_timestamps": True}, id="INT96"),
    pytest.param("us", "UTC", {"use_deprecated_int96_timestamps": True, "store_schema": False}, id="INT96 of UTC"),
]


@pytest.mark.parametrize(("unit", "zone", "written"), PHYSICAL)
def test_instants_are_those_that_duckdb_reads(
    unit: str, zone: str | None, written: dict[str, Any], tmp_path: Path
) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.none() | INSTANTS, min_size=1, max_size=8))
    def check(instants: list[datetime | None]) -> None:
        if unit == "ms":
            instants = [at and at.replace(microsecond=at.microsecond // 1000 * 1000) for at in instants]
        if unit == "ns":
            instants = [at if at and 1678 <= at.year <= 2261 else None for at in instants]
        flat = pa.array(instants, pa.timestamp("us")).cast(pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
        nested = pa.StructArray.from_arrays([flat, flat], names=["x", "y"])
        lists = pa.ListArray.from_arrays(pa.array(range(len(flat) + 1), pa.int32()), nested)
        path = tmp_path / f"{uuid4()}.parquet"
        path.write_bytes(parquet_bytes(pa.table({"at": flat, "l": lists, "text": flat}), **written))
        shop = contract(
            column("at", TIMESTAMP),
            column("l", list_of(struct_of({"x": TIMESTAMP, "y": STRING}))),
            column("text"),
            format_="parquet",
        )
        result = accepted(rows(shop, path.read_bytes()))
        expected = duckdb.read_parquet(str(path)).project('epoch_us("at")').fetchall()
        assert [row["at"] and (row["at"] - EPOCH) // timedelta(microseconds=1) for row in result] == [
            at for (at,) in expected
        ]
        for row in result:
            at = row["at"]
            texts = [row["text"], row["l"][0]["y"]]
            assert row["l"][0]["x"] == at
            assert [text and _utc(text) for text in texts] == [at, at]

    check()


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text[:26].removesuffix("Z")).replace(tzinfo=UTC)


OUTSIDE = [
    pa.array([2**60], pa.timestamp("us")),
    pa.array([-(2**55)], pa.timestamp("ms", "UTC")),
    pa.array([2**30], pa.date32()),
    pa.array([25 * 3600 * 1000], pa.time32("ms")),
    pa.array([-1], pa.time64("us")),
    pa.array([[1, 2**60]], pa.list_(pa.timestamp("us"))),
    pa.array([{"x": [[("k", 2**60)]]}], pa.struct([("x", pa.list_(pa.map_(pa.string(), pa.timestamp("us"))))])),
]


@pytest.mark.parametrize("array", OUTSIDE)
def test_what_is_no_time_is_no_text_either(array: pa.Array) -> None:
    shop = contract(column("x", options=Options(format=Format.JSON) if pa.types.is_nested(array.type) else Options()),
                    format_="parquet")  # fmt: skip
    [reason] = reasons(rows(shop, parquet_bytes(pa.table({"x": array}))))
    assert reason.startswith("x: expected a time in range, found ")


def test_96_bits_with_nanoseconds_are_never_cut() -> None:
    near = pa.array([datetime(2026, 1, 1), None], pa.timestamp("ns")).cast(pa.int64())
    finer = pa.array([near[0].as_py() + 1, None, near[0].as_py() + 1000], pa.int64()).cast(pa.timestamp("ns"))
    content = parquet_bytes(pa.table({"x": finer}), use_deprecated_int96_timestamps=True)
    result = rows(contract(column("x", TIMESTAMP), format_="parquet"), content)
    assert reasons(result) == ["x: timestamp finer than microseconds, found '2026-01-01 00:00:00.000000001'"]
    assert [row["x"] for row in accepted(result)] == [None, datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)]


def test_a_zone_that_nobody_knows_changes_no_instant() -> None:
    values = pa.array([10**6], pa.timestamp("us", "Nowhere/Land"))
    content = parquet_bytes(pa.table({"x": values, "y": values, "more": values}))
    [row] = rows(contract(column("x", TIMESTAMP), column("y"), format_="parquet"), content)
    assert (row["x"], row["y"]) == (datetime(1970, 1, 1, second=1, tzinfo=UTC), "1970-01-01 00:00:01.000000Z")
    assert json.loads(row["_record"]) == {"more": "1970-01-01 00:00:01.000000Z"}


@pytest.mark.parametrize("nanoseconds", [0, 1000, 86_399_999_999_000])
def test_times_with_nanoseconds_that_microseconds_hold_are_times(nanoseconds: int) -> None:
    shop = contract(column("x", options=Options(format=Format.TIME)), format_="parquet")
    time = pa.array([nanoseconds], pa.time64("ns"))
    expected = pa.array([nanoseconds // 1000], pa.time64("us")).cast(pa.string())[0].as_py()
    assert accepted(rows(shop, parquet_bytes(pa.table({"x": time})))) == [{"x": expected}]


@pytest.mark.parametrize("texts", [["x"] * 100, [f"text {i}" for i in range(100)]])
def test_96_bits_next_to_texts_in_several_row_groups(texts: list[str]) -> None:
    instants = [datetime(1000 + 80 * i, 1, 2, 3, 4, 5, i, UTC) for i in range(100)]
    table = pa.table({"x": pa.array(instants, pa.timestamp("us", "UTC")), "y": texts})
    content = parquet_bytes(table, row_group_size=30, use_deprecated_int96_timestamps=True)
    result = rows(contract(column("x", TIMESTAMP), column("y"), format_="parquet"), content)
    assert accepted(result) == [{"x": at, "y": text} for at, text in zip(instants, texts, strict=True)]
