"""Find where records begin and end in a block of text, and which of them are malformed.

A field is quoted if its first character is the quote. A quote within it is doubled, and only a delimiter or the end of
the record may follow the closing quote (RFC 4180). Quotes inside an unquoted field are text. If a record breaks these
rules, only its first line is malformed: reading continues at the next line, so that a stray quote cannot swallow the
rest of a file.

Most blocks obey the rules. That is proven for a whole block at once with array arithmetic (`_regular`); any other
block is scanned record by record (`_scan`), with the same result where both apply.
"""

import re
from bisect import bisect_left
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lakehouse.readers.chunk import MAX_RECORD

LF, CR = 0x0A, 0x0D
TOO_LONG = f"longer than {MAX_RECORD // 2**20} MiB"
Positions = npt.NDArray[np.int64]


class Lines(NamedTuple):
    """The ends of lines.

    Attributes:
        ends: where the text of each line ends.
        nexts: where the next line begins.
    """

    ends: Positions
    nexts: Positions


class Boundaries(NamedTuple):
    """The records of a block.

    Attributes:
        starts: where the text of each record begins.
        ends: where it ends.
        lines: the line that each record begins on, counted in the block from 0.
        rest: where an incomplete record begins.
        rest_line: the line of the incomplete record.
        malformed: the reason for each malformed record, by its position.
    """

    starts: Positions
    ends: Positions
    lines: Positions
    rest: int
    rest_line: int
    malformed: dict[int, str]


def line_ends(data: bytes, *, end: bool) -> Lines:
    """Find the ends of lines: LF, CRLF or CR.

    Args:
        data: some lines.
        end: whether the file ends with them; if not, a CR at their end may have its LF in the next block.
    """
    characters = np.frombuffer(data, dtype=np.uint8)
    feeds = np.flatnonzero(characters == LF)
    if b"\r" not in data:
        return Lines(feeds, feeds + 1)
    returns = np.flatnonzero(characters == CR)
    if not end:  # whether a LF follows the last character is not known yet
        returns = returns[returns < len(data) - 1]
    after_return = characters[np.maximum(feeds - 1, 0)] == CR
    alone = returns[characters[np.minimum(returns + 1, len(data) - 1)] != LF]
    ends, nexts = feeds - after_return, feeds + 1
    if not len(alone):
        return Lines(ends, nexts)
    ends, nexts = np.concatenate([ends, alone]), np.concatenate([nexts, alone + 1])
    order = np.argsort(nexts)
    return Lines(ends[order], nexts[order])


def find_records(data: bytes, lines: Lines, *, delimiter: str, quote: str, end: bool) -> Boundaries:
    """Find the records of a block that begins with one.

    Args:
        data: the block.
        lines: its `line_ends`.
        delimiter: character between fields.
        quote: character that encloses a field; empty if nothing is quoted.
        end: whether the file ends with the block.
    """
    records = _regular(data, lines, delimiter=delimiter, quote=quote, end=end)
    if records is None or (records.ends - records.starts > MAX_RECORD).any():
        return _scan(data, lines, delimiter=delimiter, quote=quote, end=end)
    if quote and len(data) - records.rest > MAX_RECORD:
        return _scan(data, lines, delimiter=delimiter, quote=quote, end=end)
    return records


def _regular(data: bytes, lines: Lines, *, delimiter: str, quote: str, end: bool) -> Boundaries | None:
    """Return the records of a block if each of its quotes is where a quote may be, else None."""
    ends, nexts = lines
    line_after = np.arange(1, len(ends) + 1)
    if quote and quote.encode() in data:
        quotes = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord(quote))
        if not _well_placed(data, quotes, delimiter=delimiter, quote=quote) or (end and len(quotes) % 2):
            return None
        # The end of a line ends a record if the number of quotes before it is even.
        outside = np.searchsorted(quotes, ends) % 2 == 0
        if not outside.all():
            ends, nexts, line_after = ends[outside], nexts[outside], line_after[outside]
    starts, starting_lines = np.append(0, nexts), np.append(0, line_after)
    rest, rest_line = int(starts[-1]), int(starting_lines[-1])
    if end:
        ends, rest = np.append(ends, len(data)), len(data)
    else:
        starts, starting_lines = starts[:-1], starting_lines[:-1]
    filled = ends > starts
    if not filled.all():
        starts, ends, starting_lines = starts[filled], ends[filled], starting_lines[filled]
    return Boundaries(starts, ends, starting_lines, rest, rest_line, {})


def _well_placed(data: bytes, quotes: Positions, *, delimiter: str, quote: str) -> bool:
    """Return whether quotes alternately open and close fields or are doubled within them.

    By induction: outside quotes, a quote at the start of a field opens it. Inside, a quote before another quote is the
    first of a doubled pair, and the other is its second; a quote before a delimiter or a line end closes the field.
    """
    characters = np.frombuffer(data, dtype=np.uint8)
    border = np.zeros(256, dtype=bool)
    border[[LF, CR, ord(delimiter)]] = True
    opening = characters[np.maximum(quotes[0::2] - 1, 0)]
    closing = characters[np.minimum(quotes[1::2] + 1, len(data) - 1)]
    # The start and the end of the block are borders, too.
    if quotes[0] == 0:
        opening[0] = LF
    if len(quotes) % 2 == 0 and quotes[-1] == len(data) - 1:
        closing[-1] = LF
    opens = border[opening]
    closes = border[closing]
    doubled_second, doubled_first = opening == ord(quote), closing == ord(quote)
    # The two quotes of a pair count as a closing and an opening quote: both tests see the pair, or neither does.
    return bool((opens | doubled_second).all() and (closes | doubled_first).all())


def _scan(data: bytes, lines: Lines, *, delimiter: str, quote: str, end: bool) -> Boundaries:
    """Find records one by one; a malformed record ends with its first line."""
    fields = _fields(delimiter, quote)
    quote_code = ord(quote) if quote else None
    ends_of_lines = lines.ends.tolist()
    starts: list[int] = []
    ends: list[int] = []
    starting_lines: list[int] = []
    malformed: dict[int, str] = {}
    start = line = 0
    while start < len(data):
        stop = fields.match(data, start, start + MAX_RECORD + 1).end()  # type: ignore[union-attr]
        reason = None
        if stop - start > MAX_RECORD:
            reason = TOO_LONG
        elif stop == len(data):
            if not end:
                break
        elif data[stop] == quote_code:
            if not end and len(data) - start <= MAX_RECORD:
                break
            reason = f"the quote at character {stop - start + 1} opens a field and is never closed"
        elif data[stop] not in (LF, CR):
            reason = f"text after the closing quote of a field, at character {stop - start + 1}"
        index = bisect_left(ends_of_lines, start if reason else stop)
        if index < len(ends_of_lines):
            stop, after = ends_of_lines[index], int(lines.nexts[index])
        elif end:
            stop = after = len(data)
        else:
            break
        if stop - start > MAX_RECORD:
            break
        if reason:
            malformed[len(starts)] = reason
        if stop > start:
            starts.append(start)
            ends.append(stop)
            starting_lines.append(line)
        start, line = after, index + 1
    positions = np.array([starts, ends, starting_lines], dtype=np.int64)
    return Boundaries(positions[0], positions[1], positions[2], start, line, malformed)


@cache
def _fields(delimiter: str, quote: str) -> re.Pattern[bytes]:
    """Return a pattern of well-formed fields; its match ends at the end of the record or at the first error."""
    if not quote:
        return re.compile(rb"[^\r\n]*+")
    d, q = re.escape(delimiter.encode()), re.escape(quote.encode())
    quoted = b"%b(?:[^%b]++|%b%b)*+%b" % (q, q, q, q, q)
    unquoted = b"[^%b%b\r\n][^%b\r\n]*+" % (q, d, d)
    field = b"(?:%b|%b)?" % (quoted, unquoted)
    return re.compile(b"%b(?:%b%b)*+" % (field, d, field))
