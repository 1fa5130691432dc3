"""Objects as DuckDB reads them: several of its threads share one handle."""

import threading
from pathlib import Path

import pyarrow.fs

from local.athena.files import Scan, ScannedFiles


def test_threads_that_share_a_handle_read_where_each_has_sought(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"one two six ")
    files = ScannedFiles(pyarrow.fs.LocalFileSystem(), scan=Scan(limit=None), protocol="test")
    handle = files.open(f"test://{path}")
    assert handle.seek(4) == 4
    other = threading.Thread(target=handle.seek, args=(8,))
    other.start()
    other.join()
    assert handle.read(4) == b"two "
    assert handle.tell() == 8


def test_reads_from_the_end_and_from_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"one two six ")
    handle = ScannedFiles(pyarrow.fs.LocalFileSystem(), scan=Scan(limit=None), protocol="test").open(f"test://{path}")
    handle.seek(-4, 2)
    assert handle.read() == b"six "
    handle.seek(-8, 1)
    assert handle.read(3) == b"two"
