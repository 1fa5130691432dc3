"""Read stage objects into rows of a raw table, each object whole or not at all."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

import pyarrow as pa

from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.model import Contract
from lakehouse.readers.chunk import Broken, Chunk, UnreadableError
from lakehouse.readers.content import decompressed, utf8
from lakehouse.readers.formats import avro, csv, json, jsonl, parquet
from lakehouse.readers.numbers import renumbered
from lakehouse.readers.rows import broken_rows, row_schema, rows_of

T = TypeVar("T")
R = TypeVar("R")

IN_MEMORY = 32 * 2**20
"""Bytes of rows that wait in memory for their object to be read to its end; more wait on disk."""

_TEXT_READERS = {"csv": csv.read, "json": json.read, "jsonl": jsonl.read}
_BINARY_READERS = {"parquet": parquet.read, "avro": avro.read}


def read(
    contract: Contract, objects: Iterable[StageObject], *, fetch: Callable[[StageObject], IO[bytes]], threads: int = 1
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of stage objects: exactly one for each record, accepted or rejected with its reasons.

    An object that cannot be read to its end is one rejected row. No content makes this raise.

    Args:
        contract: says the format, the columns and their rules.
        objects: what to read.
        fetch: opens an object's content, positioned at its start and seekable.
        threads: how many parts of one object are parsed at a time.

    Returns:
        batches of `rows.row_schema(contract)`, of a few MiB each.
    """
    for item in objects:
        with closing(fetch(item)) as file:
            batches = read_file(contract, file, source_file=item.source_file, threads=threads)
            yield from (renumbered(batch, item.removed) for batch in batches) if item.removed else batches


def read_file(contract: Contract, file: IO[bytes], *, source_file: str, threads: int = 1) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one file; see `read`."""
    if not file.read(1):
        return
    file.seek(0)
    try:
        if contract.source.format in _BINARY_READERS:
            chunks = _BINARY_READERS[contract.source.format](file)
            yield from _whole(_rows(contract, chunks, source_file, threads), row_schema(contract))
            return
        with decompressed(file) as (content, was_compressed):
            text = utf8(content, encoding=contract.source.encoding)
            rows = _rows(contract, _TEXT_READERS[contract.source.format](text, contract), source_file, threads)
            # What follows a damaged line can be read; what follows damage in these cannot.
            fragile = was_compressed or contract.source.format == "json"
            yield from _whole(rows, row_schema(contract)) if fragile else rows
    except UnreadableError as error:
        broken = Broken(row=error.row, text=error.text, reason=f"unreadable: {error.reason}")
        yield broken_rows(contract, [broken], source_file=source_file)


def _rows(
    contract: Contract, chunks: Iterator[Callable[[], Chunk]], source_file: str, threads: int
) -> Iterator[pa.RecordBatch]:
    def convert(parse: Callable[[], Chunk]) -> list[pa.RecordBatch]:
        chunk = parse()
        batches = []
        if len(chunk.rows):
            batches.append(rows_of(contract, chunk, source_file=source_file))
        if chunk.broken:
            batches.append(broken_rows(contract, chunk.broken, source_file=source_file))
        return batches

    for batches in _in_order(convert, chunks, threads=threads):
        yield from batches


def _in_order(work: Callable[[T], R], items: Iterator[T], *, threads: int) -> Iterator[R]:
    """As `map`, with as many items in work at a time as there are threads; Arrow does not hold Python's lock."""
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="reader") as pool:
        running: deque[Future[R]] = deque()
        for item in items:
            running.append(pool.submit(work, item))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _whole(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Hold batches back until the last has come, so that an object that turns out unreadable leaves none."""
    with SpooledTemporaryFile(IN_MEMORY) as file:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(pa.PythonFile(file, "w"), schema, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.seek(0)
        with pa.ipc.open_stream(pa.PythonFile(file, "r")) as reader:
            yield from reader
