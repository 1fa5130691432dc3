"""Files of a batch: their order, and their bounds in memory."""

from datetime import date
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from emulator.replicator import batch as batches
from emulator.replicator.arrow_types import column_type
from emulator.replicator.batch import Batch
from emulator.replicator.files import CHUNK_ROWS, Layout, Record
from emulator.replicator.settings import Target

TEXT, NUMBER = 25, 23
DAY, NEXT_DAY = date(2026, 2, 28), date(2026, 3, 1)
TARGET = Target(
    bucket="stage",
    folder="",
    operation_in_full_load=True,
    timestamp_column="ts",
    date_folders=True,
    batch_interval_s=60,
    min_file_bytes=1,
    max_file_bytes=2**30,
    gzip=False,
    kms_key=None,
)


@cache
def layout(table: str, type_oid: int = TEXT) -> Layout:
    return Layout(
        table=f"public.{table}",
        columns=(("v", column_type(type_oid, -1, booleans=True)),),
        operation=True,
        timestamp="ts",
        sequence="seq",
    )


class FakeBucket:
    """Keeps what is uploaded."""

    def __init__(self) -> None:
        self.uploaded: list[tuple[str, date, list[str]]] = []
        self._key = ("", DAY)

    def change_key(self, schema: str, table: str, *, committed: date) -> str:
        self._key = (table, committed)
        return table

    def upload(self, path: Path, key: str) -> None:
        self.uploaded.append((*self._key, pq.read_table(path)["v"].to_pylist()))


def add(batch: Batch, table: str, value: str, *, committed: date = DAY, type_oid: int = TEXT) -> None:
    batch.add("public", table, layout(table, type_oid), Record("I", [value], "t", "s"), committed=committed)


def test_a_day_and_a_shape_of_columns_each_begin_a_file_and_rows_stay_in_order(tmp_path: Path) -> None:
    batch = Batch(tmp_path / "spool", TARGET)
    add(batch, "a", "1")
    add(batch, "b", "1")
    add(batch, "a", "2")
    add(batch, "a", "3", committed=NEXT_DAY)
    add(batch, "a", "4", committed=NEXT_DAY, type_oid=NUMBER)
    add(batch, "a", "5", committed=DAY)  # a clock that went back
    bucket = FakeBucket()
    batch.upload(bucket)  # type: ignore[arg-type]
    assert bucket.uploaded == [
        ("a", DAY, ["1", "2"]),
        ("b", DAY, ["1"]),
        ("a", NEXT_DAY, ["3"]),
        ("a", NEXT_DAY, [4]),
        ("a", DAY, ["5"]),
    ]


def test_rows_in_memory_are_bounded_over_all_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PENDING_BYTES", 100_000)
    batch = Batch(tmp_path / "spool", TARGET)
    for number in range(2_000):
        add(batch, f"table_{number % 20}", "x" * 500)
        assert batch.pending_bytes <= 100_000
    bucket = FakeBucket()
    batch.upload(bucket)  # type: ignore[arg-type]
    assert sum(len(values) for _, _, values in bucket.uploaded) == 2_000


def test_a_value_that_does_not_fit_is_text_in_a_file_of_its_own(tmp_path: Path) -> None:
    batch = Batch(tmp_path / "spool", TARGET)
    for number in range(CHUNK_ROWS):
        add(batch, "a", str(number), type_oid=NUMBER)
    add(batch, "a", "no number", type_oid=NUMBER)
    add(batch, "a", "7", type_oid=NUMBER)
    add(batch, "b", "fine")
    bucket = FakeBucket()
    batch.upload(bucket)  # type: ignore[arg-type]
    assert bucket.uploaded == [
        ("a", DAY, [*range(CHUNK_ROWS), 7]),
        ("a", DAY, ["no number"]),
        ("b", DAY, ["fine"]),
    ]
    assert batch.failed == {}
    assert batch.counts["public.a"] == {"I": CHUNK_ROWS + 2}
