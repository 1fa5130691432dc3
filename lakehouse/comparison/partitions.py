"""Rows of two states on disk, divided by key, so that each part fits in memory."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SIDES = 2
PART_BYTES = 16 * 1024**2
"""Bytes of data files for a part. In memory they are several times as much; larger parts take longer to compare."""
MOST_PARTS = 500
"""Each part has an open file, and a process may often have 1,024."""


def divided(
    sides: Sequence[Iterable[pa.Table]], *, schema: pa.Schema, by: Sequence[str], file_bytes: int
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield the rows of both states in parts; rows of one key are in one part.

    Args:
        sides: rows of the old and of the new state.
        schema: their columns.
        by: the columns of the key.
        file_bytes: size of the data files that the rows come from.
    """
    count = min(MOST_PARTS, 1 + file_bytes // PART_BYTES)
    with TemporaryDirectory(prefix="lakehouse-diff-") as folder:
        paths = [[Path(folder) / f"{side}-{part}.arrow" for part in range(count)] for side in range(SIDES)]
        for tables, files in zip(sides, paths, strict=True):
            _write(tables, files, schema=schema, by=by)
        for old, new in zip(*paths, strict=True):
            yield _read(old), _read(new)


def _write(tables: Iterable[pa.Table], paths: Sequence[Path], *, schema: pa.Schema, by: Sequence[str]) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as opened:
        writers = [opened.enter_context(pa.ipc.new_stream(str(path), schema, options=options)) for path in paths]
        for table in tables:
            if len(writers) == 1:
                writers[0].write_table(table)
                continue
            parts = _hashes(table.select(by)) % len(writers)
            order = np.argsort(parts, kind="stable")
            ends = np.searchsorted(parts[order], np.arange(len(writers) + 1))
            for number, writer in enumerate(writers):
                rows = order[ends[number] : ends[number + 1]]
                if len(rows):
                    writer.write_table(table.take(pa.array(rows)))


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_stream(source).read_all()


def _hashes(table: pa.Table) -> np.ndarray:
    """Return a number for each row, the same for equal rows."""
    total = np.zeros(len(table), np.uint64)
    for column in table.columns:
        encoded = pc.dictionary_encode(normal(column.combine_chunks()), null_encoding="encode")
        texts = (repr(value).encode(errors="surrogatepass") for value in encoded.dictionary.to_pylist())
        numbers = np.fromiter((zlib.crc32(text) for text in texts), np.uint64)
        total = total * np.uint64(1_000_003) + numbers[encoded.indices.to_numpy(zero_copy_only=False)]
    return total


def normal(array: pa.Array) -> pa.Array:
    """Return an array in which equal values are the same value: -0.0 is 0.0."""
    return pc.add(array, pa.scalar(0.0, array.type)) if pa.types.is_floating(array.type) else array
