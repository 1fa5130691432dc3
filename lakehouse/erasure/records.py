"""Records taken out of a stage object, in its own format; the others stay as they were sent, and where they were.

Which records are a person's, the readers say: what raw would take them for decides, whatever the format.
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
"""Formats whose records have numbers rather than lines."""

_LINE_END = re.compile(r"(\r\n?|\n)")

_COMPRESS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": lambda data: gzip.compress(data, mtime=0),
    b"\x28\xb5\x2f\xfd": lambda data: bytes(pa.compress(data, codec="zstd", asbytes=True)),
    b"BZh": bz2.compress,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of an object.

    Args:
        content: its bytes. Of a text, every record begins on the line on which it began.
        count: how many records were taken out.
        removed: their numbers, where the records after them have other numbers now.
    """

    content: bytes
    count: int = 0
    removed: tuple[int, ...] = ()


def without(content: bytes, subject: Subject, *, uri: str) -> Left:
    """Take a person's records out of an object's content.

    Args:
        content: the object.
        subject: whose records, and of which dataset.
        uri: what errors call the object.

    Raises:
        LakehouseError: they cannot be taken out; says what to do.
    """
    format_ = subject.contract.source.format
    rows = _rows(content, subject.contract, uri=uri)
    mask = pc.fill_null(subject.mask(rows), False)
    doomed = rows.filter(mask)[SOURCE_ROW].to_pylist()
    if not doomed:
        return Left(content=content)
    if format_ == "json":
        left = _json(content, subject, uri=uri)
    elif format_ in NUMBERED:
        left = _REMOVE[format_](content, set(doomed))
    else:
        left = _lines(content, doomed, subject.contract, rows=sorted(rows[SOURCE_ROW].to_pylist()), uri=uri)
    removed = tuple(sorted(doomed)) if format_ in NUMBERED else ()
    after = _rows(left, subject.contract, uri=uri)
    kept = sorted(rows.filter(pc.invert(mask))[SOURCE_ROW].to_pylist())
    if sorted(original_rows(after[SOURCE_ROW].to_pylist(), removed)) != kept or any(subject.mask(after).to_pylist()):
        raise _by_hand(uri, f"{len(doomed)} of its {rows.num_rows} records cannot be told from the others")
    return Left(content=left, count=len(doomed), removed=removed)


def _by_hand(uri: str, reason: str) -> LakehouseError:
    return LakehouseError(
        f"{uri}: {reason}; nothing of it was changed: delete this version of it, after its source has sent the rest of "
        "its records again, and run the erasure again"
    )


def _rows(content: bytes, contract: Contract, *, uri: str) -> pa.Table:
    batches = list(read_file(contract, io.BytesIO(content), source_file=uri))
    return pa.Table.from_batches(batches, schema=row_schema(contract))


def _plain(content: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Decompressed content, and what compresses it again."""
    with decompressed(io.BytesIO(content)) as (file, was_compressed):
        data = file.read()
    if not was_compressed:
        return data, lambda left: left
    return data, next(compress for magic, compress in _COMPRESS.items() if content.startswith(magic))


def _lines(content: bytes, doomed: Iterable[int], contract: Contract, *, rows: list[int], uri: str) -> bytes:
    """Text whose records begin at some lines, each ending where the next begins; lines that go are empty ones then."""
    data, compress = _plain(content)
    encoding = contract.source.encoding.removesuffix("-sig")  # its mark is a character like the others
    text = data.decode(encoding, "surrogateescape")
    if text.encode(encoding, "surrogateescape") != data:
        raise _by_hand(uri, f"it is not {encoding} as it is written here")
    *whole, last = _LINE_END.split(text)
    lines = [*zip(whole[::2], whole[1::2], strict=True), (last, "")]
    ends = dict(zip(rows, [*rows[1:], len(lines) + 1], strict=True))
    gone = {line for first in doomed for line in range(first, ends[first])}
    left = (end if number in gone else line + end for number, (line, end) in enumerate(lines, 1))
    return compress("".join(left).encode(encoding, "surrogateescape"))


def _json(content: bytes, subject: Subject, *, uri: str) -> bytes:
    """A document whose records are elements of arrays or stand by themselves; line breaks stay where they were."""
    data, compress = _plain(content)
    encoding = subject.contract.source.encoding
    text = data.decode(encoding).removeprefix("\ufeff")
    spans = list(_spans(text, uri=uri))
    # Many records may stand on one line, so it is asked of a document that has each on a line of its own.
    alone = "[\n" + ",\n".join(text[start:end].replace("\n", " ") for start, end in spans) + "\n]"
    rows = _rows(alone.encode(encoding), subject.contract, uri=uri)
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
    """Where each record of a JSON document begins and ends."""
    at, between, decoder = 0, re.compile(r"[\s,\[\]]*"), json.JSONDecoder()
    while True:
        match = between.match(text, at)
        start = match.end() if match else at
        if start == len(text):
            return
        try:
            _, at = decoder.raw_decode(text, start)
        except ValueError as error:
            raise _by_hand(uri, f"it is no JSON of records: {error}") from error
        yield start, at


def _parquet(content: bytes, doomed: Collection[int]) -> bytes:
    file = pq.ParquetFile(io.BytesIO(content))
    table = file.read()
    kept = table.filter(pa.array(number not in doomed for number in range(1, table.num_rows + 1)))
    codec = file.metadata.row_group(0).column(0).compression
    output = io.BytesIO()
    pq.write_table(kept, output, compression="none" if codec == "UNCOMPRESSED" else codec.lower())
    return output.getvalue()


def _avro(content: bytes, doomed: Collection[int]) -> bytes:
    reader = fastavro.reader(io.BytesIO(content))
    schema, codec = reader.writer_schema, reader.codec
    kept = [record for number, record in enumerate(reader, 1) if number not in doomed]
    output = io.BytesIO()
    fastavro.writer(output, schema, kept, codec=codec)
    return output.getvalue()


_REMOVE = {"parquet": _parquet, "avro": _avro}
