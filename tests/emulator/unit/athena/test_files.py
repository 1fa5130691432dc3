"""S3 objects for DuckDB, whose threads share one handle."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest

from emulator.athena.runtime.files import Scan, ScannedFiles

ROWS = 200_000


@pytest.fixture
def files() -> ScannedFiles:
    return ScannedFiles(pyarrow.fs.LocalFileSystem(), scan=Scan(limit=None), protocol="test")


def test_threads_with_one_handle_read_at_their_own_positions(files: ScannedFiles, tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"one two six ")
    handle = files.open(f"test://{path}")
    with ThreadPoolExecutor(1) as other:
        handle.seek(4)
        other.submit(handle.seek, 8).result()
        assert handle.read(4) == b"two "
        assert other.submit(handle.read, 4).result() == b"six "


def test_threads_that_take_turns_continue_each_others_reads(files: ScannedFiles, tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"one two six ten ")
    handle = files.open(f"test://{path}")
    with ThreadPoolExecutor(1) as other:
        assert handle.read(4) == b"one "
        handle.seek(4)
        assert other.submit(handle.read, 4).result() == b"two "
        assert handle.read(4) == b"six "
        assert handle.tell() == 12
        assert other.submit(handle.read).result() == b"ten "


def test_seek_from_the_end_and_from_the_position(files: ScannedFiles, tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"one two six ")
    handle = files.open(f"test://{path}")
    handle.seek(-4, 2)
    assert handle.read() == b"six "
    handle.seek(-8, 1)
    assert handle.read(3) == b"two"


@pytest.mark.parametrize("form", ["parquet", "csv", "csv.gz"])
def test_duckdb_reads_every_row_on_several_threads(files: ScannedFiles, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"object.{form}"
    if form == "parquet":
        pq.write_table(pa.table({"n": range(ROWS)}), path, row_group_size=5_000, compression="zstd")
    else:
        body = "".join(f"{n}\n" for n in range(ROWS)).encode()
        path.write_bytes(gzip.compress(body) if form == "csv.gz" else body)
    kind = "read_parquet" if form == "parquet" else "read_csv"
    options = "" if form == "parquet" else ", columns = {'n': 'BIGINT'}, auto_detect = false, header = false"
    for _ in range(10):
        connection = duckdb.connect(config={"threads": 4})
        connection.register_filesystem(files)
        totals = connection.execute(f"SELECT count(*), sum(n) FROM {kind}('test://{path}'{options})").fetchone()
        assert totals == (ROWS, ROWS * (ROWS - 1) // 2)
        connection.close()
