"""Split text into records: lines, or what quotes make of several lines; empty lines are no records."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np

from lakehouse.readers.boundaries import TOO_LONG, Found, Positions, find, line_ends
from lakehouse.readers.chunk import KEPT_OF_TOO_LONG, MAX_RECORD, Broken

BLOCK = 4 * 2**20
MOST = 128 * 2**10
"""Records of a block; of the shortest ones, each with its reasons, 4 MiB would take gigabytes."""

_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Well-formed records `data[starts[i]:ends[i]]`, which begin on line `lines[i]`, and the malformed among them."""

    data: memoryview
    starts: Positions
    ends: Positions
    lines: Positions
    broken: list[Broken] = field(default_factory=list)

    def text(self, position: int) -> str:
        return str(self.data[self.starts[position] : self.ends[position]], "utf-8")

    def after_first(self) -> "Block":
        """The block without its first well-formed record."""
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
        stream: UTF-8, as `content.utf8` makes it.
        delimiter: one ASCII character between fields; only needed with `quote`.
        quote: one ASCII character; empty when nothing is quoted.
        encoding: what the text was before, for messages.
    """
    line, rest, end = 1, b"", False
    while rest or not end:
        read = stream.read(BLOCK)
        end = not read
        data = rest + read
        found = find(data, line_ends(data, end=end), delimiter=delimiter, quote=quote, end=end)
        yield from _pieces(_block(data, found, line + found.lines, encoding=encoding))
        rest = data[found.rest :]
        line += found.rest_line
        # The last character may be a CR that ends the line.
        if len(rest) > MAX_RECORD + (not end):
            kept = rest[:KEPT_OF_TOO_LONG].decode(errors="backslashreplace")
            yield _only(Broken(row=line, text=kept, reason=f"{TOO_LONG}; `_record` keeps its beginning"))
            rest = _after_line(stream, rest)
            line += 1


def _after_line(stream: IO[bytes], rest: bytes) -> bytes:
    """What follows the line that `rest` begins with."""
    while not (found := _LINE_END.search(rest)) or (found.end() == len(rest) and rest.endswith(b"\r")):
        read = stream.read(BLOCK)
        if not read:
            return b""
        rest = b"\r" + read if rest.endswith(b"\r") else read
    return rest[found.end() :]


def _block(data: bytes, found: Found, lines: Positions, *, encoding: str) -> Block:
    faults = found.faults | _invalid_text(data, found, encoding=encoding)
    if not faults:
        return Block(data=memoryview(data)[: found.rest], starts=found.starts, ends=found.ends, lines=lines)
    texts = [data[start:stop] for start, stop in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]
    broken = [
        Broken(row=int(lines[i]), text=texts[i].decode(errors="backslashreplace"), reason=reason)
        for i, reason in sorted(faults.items())
    ]
    whole = [i for i in range(len(texts)) if i not in faults]
    lengths = found.ends[whole] - found.starts[whole]
    ends = np.cumsum(lengths + 1) - 1
    return Block(
        data=memoryview(b"".join(texts[i] + b"\n" for i in whole)),
        starts=ends - lengths,
        ends=ends,
        lines=lines[whole],
        broken=broken,
    )


def _pieces(block: Block) -> Iterator[Block]:
    """The block, or several of at most `MOST` well-formed records; the malformed are in the first."""
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
    none = np.zeros(0, dtype=np.int64)
    return Block(data=memoryview(b""), starts=none, ends=none, lines=none, broken=[broken])


def _invalid_text(data: bytes, found: Found, *, encoding: str) -> dict[int, str]:
    """Which records are no valid UTF-8, with the reason."""
    try:
        data.isascii() or data[: found.rest].decode()
    except UnicodeDecodeError:
        pass
    else:
        return {}
    invalid = {}
    for i, (start, stop) in enumerate(zip(found.starts.tolist(), found.ends.tolist(), strict=True)):
        try:
            data[start:stop].decode()
        except UnicodeDecodeError as error:
            at = f" at byte {error.start + 1}" if codecs.lookup(encoding).name == "utf-8" else ""
            invalid[i] = f"invalid {encoding.upper()}{at}"
    return invalid
