"""Remove a person's records from a stage object, in its own format; the other records keep their bytes and lines.

The readers decide which records are the person's, because a record is matched by the values that raw would show.
"""

import bz2
import gzip
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import fastavro
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.contracts.columns import SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.erasure.subject import Subject
from lakehouse.errors import LakehouseError
from lakehouse.readers.content import decompressed
from lakehouse.readers.numbers import original_rows
from lakehouse.readers.reader import read_file
from lakehouse.readers.rows import row_schema

NUMBERED = ("parquet", "avro")
"""Formats whose records are identified by number, not by line."""

_LINE_END = re.compile(r"(\r\n?|\n)")

_COMPRESS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": lambda data: gzip.compress(data, mtime=0),
    b"\x28\xb5\x2f\xfd": lambda data: bytes(pa.compress(data, codec="zstd", asbytes=True)),
    b"BZh": bz2.compress,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """An object without a person's records.

    Attributes:
        content: its bytes; in text formats every remaining record begins on the same line as before.
        count: number of removed records.
        removed: numbers of the removed records, in formats where later records now have lower numbers.
    """

    content: bytes
    count: int = 0
    removed: tuple[int, ...] = ()


def remove_records(content: bytes, subject: Subject, *, uri: str) -> Remainder:
    """Remove a subject's records from the content of an object.

    Args:
        content: bytes of the object, compressed or not.
        subject: the records to remove.
        uri: URI of the object, for error messages.

    Raises:
        LakehouseError: the records cannot be separated from the others; the message says what to do.
    """
    format_ = subject.contract.source.format
    rows = _rows(content, subject.contract, uri=uri)
    mask = pc.fill_null(subject.mask(rows), False)
    doomed = rows.filter(mask)[SOURCE_ROW].to_pylist()
    if not doomed:
        return Remainder(content=content)
    if format_ == "json":
        remaining = _json(content, subject, uri=uri)
    elif format_ in NUMBERED:
        remaining = _REMOVE[format_](content, set(doomed))
    else:
        remaining = _lines(content, doomed, subject.contract, rows=sorted(rows[SOURCE_ROW].to_pylist()), uri=uri)
    removed = tuple(sorted(doomed)) if format_ in NUMBERED else ()
    after = _rows(remaining, subject.contract, uri=uri)
    expected = sorted(rows.filter(pc.invert(mask))[SOURCE_ROW].to_pylist())
    numbers = sorted(original_rows(after[SOURCE_ROW].to_pylist(), removed))
    if numbers != expected or any(subject.mask(after).to_pylist()):
        raise _unseparable(uri, f"{len(doomed)} of its {rows.num_rows} records cannot be separated from the others")
    return Remainder(content=remaining, count=len(doomed), removed=removed)


def _unseparable(uri: str, reason: str) -> LakehouseError:
    return LakehouseError(
        f"{uri}: {reason}; the object was not changed. Ask its source to send the other records again, delete this "
        "version of the object, then run the erasure again"
    )


def _rows(content: bytes, contract: Contract, *, uri: str) -> pa.Table:
    batches = list(read_file(contract, io.BytesIO(content), source_file=uri))
    return pa.Table.from_batches(batches, schema=row_schema(contract))


def _plain(content: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the decompressed content and the function that compresses it again."""
    with decompressed(io.BytesIO(content)) as (file, was_compressed):
        data = file.read()
    if not was_compressed:
        return data, lambda remaining: remaining
    return data, next(compress for magic, compress in _COMPRESS.items() if content.startswith(magic))


def _lines(content: bytes, doomed: Iterable[int], contract: Contract, *, rows: list[int], uri: str) -> bytes:
    """Return text content in which all lines of the removed records are empty.

    Args:
        content: the object.
        doomed: line numbers at which the records to remove begin.
        contract: the dataset.
        rows: line numbers at which all records begin; a record ends where the next one begins.
        uri: URI of the object, for error messages.
    """
    data, compress = _plain(content)
    encoding = contract.source.encoding.removesuffix("-sig")  # keeps a byte order mark as an ordinary character
    text = data.decode(encoding, "surrogateescape")
    if text.encode(encoding, "surrogateescape") != data:
        raise _unseparable(uri, f"its bytes would change if they were decoded and encoded again as {encoding}")
    *whole, last = _LINE_END.split(text)
    lines = [*zip(whole[::2], whole[1::2], strict=True), (last, "")]
    ends = dict(zip(rows, [*rows[1:], len(lines) + 1], strict=True))
    emptied = {line for first in doomed for line in range(first, ends[first])}
    remaining = (end if number in emptied else line + end for number, (line, end) in enumerate(lines, 1))
    return compress("".join(remaining).encode(encoding, "surrogateescape"))


def _json(content: bytes, subject: Subject, *, uri: str) -> bytes:
    """Return a JSON document without the subject's records, with all its line breaks."""
    data, compress = _plain(content)
    encoding = subject.contract.source.encoding
    text = data.decode(encoding).removeprefix("\ufeff")
    spans = list(_spans(text, uri=uri))
    # One line may hold several records, so the readers get a document with one record per line, from line 2 on.
    one_per_line = "[\n" + ",\n".join(text[start:end].replace("\n", " ") for start, end in spans) + "\n]"
    rows = _rows(one_per_line.encode(encoding), subject.contract, uri=uri)
    characters = list(text)
    for row in rows.filter(subject.mask(rows))[SOURCE_ROW].to_pylist():
        start, end = spans[row - 2]
        after = next(at for at in (*range(end, len(text)), -1) if at < 0 or characters[at].strip())
        before = next(at for at in (*range(start - 1, -1, -1), -1) if at < 0 or characters[at].strip())
        comma = next((at for at in (after, before) if at >= 0 and characters[at] == ","), None)
        for at in (*range(start, end), *([] if comma is None else [comma])):
            if characters[at] != "\n":
                characters[at] = ""
    return compress("".join(characters).encode(encoding))


def _spans(text: str, *, uri: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each record of a JSON document."""
    at, between, decoder = 0, re.compile(r"[\s,\[\]\ufeff]*"), json.JSONDecoder()
    while True:
        match = between.match(text, at)
        start = match.end() if match else at
        if start == len(text):
            return
        try:
            _, at = decoder.raw_decode(text, start)
        except ValueError as error:
            raise _unseparable(uri, f"it is not a JSON document of records: {error}") from error
        yield start, at


def _parquet(content: bytes, doomed: Collection[int]) -> bytes:
    file = pq.ParquetFile(io.BytesIO(content))
    table = file.read()
    remaining = table.filter(pa.array(number not in doomed for number in range(1, table.num_rows + 1)))
    codec = file.metadata.row_group(0).column(0).compression
    output = io.BytesIO()
    pq.write_table(remaining, output, compression="none" if codec == "UNCOMPRESSED" else codec.lower())
    return output.getvalue()


def _avro(content: bytes, doomed: Collection[int]) -> bytes:
    reader = fastavro.reader(io.BytesIO(content))
    schema, codec = reader.writer_schema, reader.codec
    remaining = [record for number, record in enumerate(reader, 1) if number not in doomed]
    output = io.BytesIO()
    fastavro.writer(output, schema, remaining, codec=codec)
    return output.getvalue()


_REMOVE = {"parquet": _parquet, "avro": _avro}
