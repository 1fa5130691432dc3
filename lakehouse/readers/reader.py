"""Read stage objects of all formats into rows of a raw table."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.batches.manifests import StageObject
from lakehouse.contracts.columns import SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.readers.chunk import Broken, Chunk, UnreadableError
from lakehouse.readers.content import check_binary, decompressed, utf8
from lakehouse.readers.events.flat import with_changes
from lakehouse.readers.formats import avro, csv, json, jsonl, parquet
from lakehouse.readers.numbers import renumbered
from lakehouse.readers.rows import broken_rows, row_schema
from lakehouse.readers.unexpected import UNEXPECTED, is_of_content, rows_of_each
from lakehouse.readers.values import show

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")
_Reader = Callable[[IO[bytes], Contract], Iterator[Callable[[], Chunk]]]

IN_MEMORY = 32 * 2**20
"""Bytes of rows that are kept in memory until their object is read to its end; more rows are kept on disk."""

JSON = ("json", "jsonl")
"""Formats whose readers take change events apart, because their records may nest."""

_TEXT_READERS = {"csv": csv.read, "json": json.read, "jsonl": jsonl.read}
_BINARY_READERS: dict[str, _Reader] = {"parquet": lambda file, _: parquet.read(file), "avro": avro.read}


@dataclass(slots=True)
class _Progress:
    """How far an object is read.

    Attributes:
        row: the last row of the object that was read.
    """

    row: int = 0


def read(
    contract: Contract, objects: Iterable[StageObject], *, fetch: Callable[[StageObject], IO[bytes]], threads: int = 1
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of stage objects: exactly one for each record, accepted or rejected with its reasons.

    An object that cannot be read to its end becomes one rejected row. No content of an object raises an error.

    Args:
        contract: has the format, the columns and their rules.
        objects: the objects to read.
        fetch: opens the content of an object, positioned at its start and seekable.
        threads: how many parts of one object are parsed at a time.

    Yields:
        Batches of `rows.row_schema(contract)`, of a few MiB each.
    """
    for stage_object in objects:
        with closing(fetch(stage_object)) as file:
            batches = read_file(contract, file, source_file=stage_object.source_file, threads=threads)
            if stage_object.removed:
                batches = (renumbered(batch, stage_object.removed) for batch in batches)
            yield from batches


def read_file(contract: Contract, file: IO[bytes], *, source_file: str, threads: int = 1) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one file; see `read`."""
    if not file.read(1):
        return
    file.seek(0)
    progress = _Progress()
    try:
        if contract.source.format in _BINARY_READERS:
            check_binary(file, expected=contract.source.format)
            chunks = _BINARY_READERS[contract.source.format](file, contract)
            yield from _whole(_rows(contract, chunks, source_file, threads, progress), row_schema(contract))
            return
        with decompressed(file) as (content, was_compressed):
            text = utf8(content, encoding=contract.source.encoding)
            chunks = _TEXT_READERS[contract.source.format](text, contract)
            rows = _rows(contract, chunks, source_file, threads, progress)
            # Lines after a damaged line can be read. After damage in a compressed file or a document, nothing can.
            is_whole_or_nothing = was_compressed or contract.source.format == "json"
            yield from _whole(rows, row_schema(contract)) if is_whole_or_nothing else rows
    except UnreadableError as error:
        broken = Broken(row=error.row, text=error.text, reason=f"unreadable: {error.reason}")
        yield broken_rows(contract, [broken], source_file=source_file)
    except Exception as error:
        if not is_of_content(error):
            raise
        log.exception("%s cannot be read after row %d", source_file, progress.row)
        reason = f"{UNEXPECTED} after row {progress.row}: {type(error).__name__}: {error}"
        yield broken_rows(contract, [Broken(row=progress.row + 1, text="", reason=reason)], source_file=source_file)


def _rows(
    contract: Contract, chunks: Iterator[Callable[[], Chunk]], source_file: str, threads: int, progress: _Progress
) -> Iterator[pa.RecordBatch]:
    def convert(parse: Callable[[], Chunk]) -> list[pa.RecordBatch]:
        chunk = parse()
        batches: list[pa.RecordBatch] = []
        if len(chunk.rows):
            _check_columns(contract, chunk)
            if contract.source.changes is not None and contract.source.format not in JSON:
                chunk = with_changes(chunk, contract.source.changes)
            batches += rows_of_each(contract, chunk, source_file=source_file)
        if chunk.broken:
            batches.append(broken_rows(contract, chunk.broken, source_file=source_file))
        return batches

    for batches in _in_order(convert, chunks, threads=threads):
        for batch in batches:
            progress.row = max(progress.row, pc.max(batch[SOURCE_ROW]).as_py() or 0)
            yield batch


def _check_columns(contract: Contract, chunk: Chunk) -> None:
    """Refuse a file that has no column of the contract: its records would become rows of nulls."""
    expected = [column.source_name for column in contract.columns]
    if chunk.columns.keys().isdisjoint(expected):
        raise UnreadableError(
            f"expected columns {show(', '.join(expected))}, found {show(', '.join(chunk.columns))}; "
            "correct the file or `physicalName` in the contract"
        )


def _in_order(work: Callable[[Item], Result], items: Iterator[Item], *, threads: int) -> Iterator[Result]:
    """Map like `map`, but process as many items at a time as there are threads; Arrow releases Python's lock."""
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="reader") as pool:
        running: deque[Future[Result]] = deque()
        for item in items:
            running.append(pool.submit(work, item))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _whole(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield batches only after the last one was read, so that an unreadable object yields none."""
    with SpooledTemporaryFile(IN_MEMORY) as file:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(pa.PythonFile(file, "w"), schema, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.seek(0)
        with pa.ipc.open_stream(pa.PythonFile(file, "r")) as reader:
            yield from reader
