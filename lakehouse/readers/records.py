"""Split text into records: lines, or several lines that quotes join; empty lines are not records."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np

from lakehouse.readers.boundaries import TOO_LONG, Boundaries, Positions, find_records, line_ends
from lakehouse.readers.chunk import KEPT_OF_TOO_LONG, MAX_RECORD, Broken

BLOCK = 4 * 2**20
"""Bytes that are read at a time."""

MOST = 128 * 2**10
"""Records of a block; 4 MiB of the shortest records, each with its reasons, would take gigabytes."""

_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some consecutive records of a text.

    Attributes:
        data: the text; well-formed record i is `data[starts[i]:ends[i]]`.
        starts: where each well-formed record begins.
        ends: where it ends.
        lines: the line that it begins on, from 1.
        broken: the malformed records.
    """

    data: memoryview
    starts: Positions
    ends: Positions
    lines: Positions
    broken: list[Broken] = field(default_factory=list)

    def text(self, position: int) -> str:
        """Return the text of one well-formed record."""
        return str(self.data[self.starts[position] : self.ends[position]], "utf-8")

    def after_first(self) -> "Block":
        """Return the block without its first well-formed record."""
        cut = int(self.ends[0])
        return replace(
            self,
            data=self.data[cut:],
            starts=self.starts[1:] - cut,
            ends=self.ends[1:] - cut,
            lines=self.lines[1:],
        )


def split(stream: IO[bytes], *, delimiter: str = "", quote: str = "", encoding: str = "utf-8") -> Iterator[Block]:
    """Yield the records of a text in blocks of about `BLOCK` bytes; memory stays within a few `MAX_RECORD`.

    Args:
        stream: UTF-8, from `content.utf8`.
        delimiter: one ASCII character between fields; only needed with `quote`.
        quote: one ASCII character; empty if nothing is quoted.
        encoding: the encoding of the source, for messages.
    """
    line, rest, end = 1, b"", False
    while rest or not end:
        read = stream.read(BLOCK)
        end = not read
        data = rest + read
        records = find_records(data, line_ends(data, end=end), delimiter=delimiter, quote=quote, end=end)
        yield from _pieces(_block(data, records, line + records.lines, encoding=encoding))
        rest = data[records.rest :]
        line += records.rest_line
        # The last character may be a CR that ends the line.
        if len(rest) > MAX_RECORD + (not end):
            beginning = rest[:KEPT_OF_TOO_LONG].decode(errors="backslashreplace")
            yield _only(Broken(row=line, text=beginning, reason=f"{TOO_LONG}; `_record` has its beginning"))
            rest = _after_line(stream, rest)
            line += 1


def _after_line(stream: IO[bytes], rest: bytes) -> bytes:
    """Return the bytes after the line that `rest` begins with."""
    while not (match := _LINE_END.search(rest)) or (match.end() == len(rest) and rest.endswith(b"\r")):
        read = stream.read(BLOCK)
        if not read:
            return b""
        rest = b"\r" + read if rest.endswith(b"\r") else read
    return rest[match.end() :]


def _block(data: bytes, records: Boundaries, lines: Positions, *, encoding: str) -> Block:
    malformed = records.malformed | _invalid_text(data, records, encoding=encoding)
    if not malformed:
        return Block(data=memoryview(data)[: records.rest], starts=records.starts, ends=records.ends, lines=lines)
    texts = [data[start:stop] for start, stop in zip(records.starts.tolist(), records.ends.tolist(), strict=True)]
    broken = [
        Broken(row=int(lines[i]), text=texts[i].decode(errors="backslashreplace"), reason=reason)
        for i, reason in sorted(malformed.items())
    ]
    well_formed = [i for i in range(len(texts)) if i not in malformed]
    lengths = records.ends[well_formed] - records.starts[well_formed]
    ends = np.cumsum(lengths + 1) - 1
    return Block(
        data=memoryview(b"".join(texts[i] + b"\n" for i in well_formed)),
        starts=ends - lengths,
        ends=ends,
        lines=lines[well_formed],
        broken=broken,
    )


def _pieces(block: Block) -> Iterator[Block]:
    """Yield the block in pieces of at most `MOST` well-formed records; the malformed records are in the first."""
    count = len(block.lines)
    for first in range(0, max(count, 1), MOST):
        last = first + MOST
        start = int(block.starts[first]) if first else 0
        end = int(block.starts[last]) if last < count else len(block.data)
        yield replace(
            block,
            data=block.data[start:end],
            starts=block.starts[first:last] - start,
            ends=block.ends[first:last] - start,
            lines=block.lines[first:last],
            broken=[] if first else block.broken,
        )


def _only(broken: Broken) -> Block:
    """Return a block of one malformed record."""
    empty = np.zeros(0, dtype=np.int64)
    return Block(data=memoryview(b""), starts=empty, ends=empty, lines=empty, broken=[broken])


def _invalid_text(data: bytes, records: Boundaries, *, encoding: str) -> dict[int, str]:
    """Return the reason for each record that is not valid UTF-8, by its position."""
    try:
        data.isascii() or data[: records.rest].decode()
    except UnicodeDecodeError:
        pass
    else:
        return {}
    invalid = {}
    for i, (start, stop) in enumerate(zip(records.starts.tolist(), records.ends.tolist(), strict=True)):
        try:
            data[start:stop].decode()
        except UnicodeDecodeError as error:
            at = f" at byte {error.start + 1}" if codecs.lookup(encoding).name == "utf-8" else ""
            invalid[i] = f"invalid {encoding.upper()}{at}"
    return invalid
