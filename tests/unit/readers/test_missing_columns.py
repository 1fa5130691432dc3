"""A file of DMS has every column of its table, so a missing one was renamed, dropped, or is generated."""

from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.contracts.types import INT
from tests.support.contract_builders import column, contract, reasons, rows
from tests.support.sample_files import parquet_bytes

SOURCES = {
    "postgresql": {"type": "postgresql", "schema": "public", "table": "orders"},
    "mysql": {"type": "mysql", "schema": "shop", "table": "orders"},
}
WHY = "is missing from the change file: renamed or dropped at the source?"


def dms(operations: list[str | None], *, sequence: str | None, **columns: list[Any]) -> bytes:
    count = len(operations)
    return parquet_bytes(
        pa.table(
            {
                "Op": pa.array(operations, pa.string()),
                **columns,
                "_commit_ts": ["2026-01-02 03:04:05.678901"] * count,
                "_change_seq": pa.array([sequence] * count, pa.string()),
            }
        )
    )


@pytest.mark.parametrize(("source", "required", "sequence"), list(product(SOURCES, [False, True], ["7" * 35, None])))
def test_a_missing_column_rejects_all_records_but_deletes(source: str, *, required: bool, sequence: str | None) -> None:
    shop = contract(
        column("id", INT, required=True), column("v", source_name="Value", required=required), column("w"),
        format_="parquet", key=("id",), **SOURCES[source],
    )  # fmt: skip
    found = rows(shop, dms(["I", "U", "D"], sequence=sequence, id=[1, 2, 3], vv=["a", "b", None], w=["x", None, None]))
    assert reasons(found) == [f"v: column Value {WHY}"] * 2
    assert [row["id"] for row in found if row["_errors"] is None] == [3]
    assert '"vv": "b"' in found[1]["_record"]


def test_several_missing_columns_are_all_named() -> None:
    shop = contract(
        column("id", INT, required=True), column("v"), column("w"), format_="parquet", key=("id",), **SOURCES["mysql"]
    )
    assert reasons(rows(shop, dms(["U"], sequence="7" * 35, id=[1]))) == [f"v: column v {WHY}", f"w: column w {WHY}"]


def test_a_missing_key_rejects_deletes_too() -> None:
    shop = contract(column("id", INT, required=True), column("v"), format_="parquet", key=("id",), **SOURCES["mysql"])
    assert reasons(rows(shop, dms(["D", "I"], sequence="7" * 35, v=["a", "b"]))) == [f"id: column id {WHY}"] * 2


def test_a_column_that_is_sent_may_be_null() -> None:
    shop = contract(column("id", INT, required=True), column("v"), format_="parquet", key=("id",), **SOURCES["mysql"])
    assert reasons(rows(shop, dms(["I"], sequence=None, id=[1], v=[None]))) == []


def test_an_optional_column_may_be_missing_from_a_file_of_another_source() -> None:
    shop = contract(column("id", INT, required=True), column("v"), format_="parquet")
    assert reasons(rows(shop, parquet_bytes(pa.table({"id": [1]})))) == []
