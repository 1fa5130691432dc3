"""How files are written: format, encoding, and of CSV the delimiter, the quote and whether there is a header."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from lakehouse.drafting.observed import kind_of
from lakehouse.errors import LakehouseError
from lakehouse.readers.chunk import UnreadableError
from lakehouse.readers.content import decompressed

SAMPLE = 2**20
"""Bytes at the start of a file from which the dialect is guessed."""

_BLOCK = 2**20
_DELIMITERS = ",;\t|"
_ENDINGS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".avro": "avro"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the files of a dataset are written.

    Attributes:
        format: a format of the contracts.
        encoding: encoding of text.
        delimiter, quote, header: of CSV.
        why: the reason of each guess, by attribute.
    """

    format: str
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    why: tuple[tuple[str, str], ...] = ()

    def reason(self, attribute: str) -> str:
        """Return why an attribute was guessed; "" if it was given."""
        return dict(self.why).get(attribute, "")


def dialect(
    paths: Sequence[Path], *, encoding: str | None = None, delimiter: str | None = None, header: bool | None = None
) -> Dialect:
    """Guess how files are written; all files of a dataset are written alike.

    Args:
        paths: the files.
        encoding, delimiter, header: what is known already.

    Raises:
        LakehouseError: a file cannot be read or is empty, or files have different formats.
    """
    heads = {path: _head(path) for path in paths}
    formats = {path: _format(path, head) for path, head in heads.items() if head.strip()}
    if not formats:
        raise LakehouseError(f"{paths[0]}: is empty: give a file with records")
    if len(set(formats.values())) > 1:
        listed = ", ".join(f"{path} is {format_}" for path, format_ in formats.items())
        raise LakehouseError(f"a dataset has files of one format, but {listed}: draft them one by one with --dataset")
    path, format_ = next(iter(formats.items()))
    if format_ in ("parquet", "avro"):
        return Dialect(format=format_)
    guessed, why = (encoding, "") if encoding else _encoding(paths)
    found = Dialect(format=format_, encoding=guessed, why=(("encoding", why),) if why else ())
    try:
        text = heads[path].decode(guessed, "replace").removeprefix("\ufeff")
    except LookupError as error:
        raise LakehouseError(
            f"encoding {guessed!r} is unknown: use a name of Python's codecs, such as cp1252"
        ) from error
    if format_ == "text":
        found = replace(found, format=_json_or_csv(text, complete=len(heads[path]) < SAMPLE))
    return found if found.format != "csv" else _csv(found, text, delimiter=delimiter, header=header)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file, decompressed(file) as (content, _):
            return content.read(SAMPLE)
    except OSError as error:
        raise LakehouseError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnreadableError as error:
        raise LakehouseError(f"{path}: {error.reason}") from error


def _format(path: Path, head: bytes) -> str:
    for magic, format_ in ((b"PAR1", "parquet"), (b"Obj\x01", "avro")):
        if head.startswith(magic):
            return format_
    for magic, kind in ((b"PK\x03\x04", "a ZIP archive or an Excel workbook"), (b"%PDF", "PDF"),
                        (b"\xd0\xcf\x11\xe0", "an old Office document"), (b"ORC", "ORC")):  # fmt: skip
        if head.startswith(magic):
            raise LakehouseError(f"{path}: is {kind}: save it as csv, json, jsonl, parquet or avro")
    endings = [suffix.lower() for suffix in path.suffixes]
    known = next((_ENDINGS[ending] for ending in reversed(endings) if ending in _ENDINGS), "text")
    if known in ("parquet", "avro"):
        raise LakehouseError(f"{path}: is no {known} file: correct the file or its name")
    return known


def _encoding(paths: Sequence[Path]) -> tuple[str, str]:
    """Return the encoding of text files, read to their end, and why."""
    letters = wrong = 0
    for path in paths:
        with path.open("rb") as file, decompressed(file) as (content, _):
            head = content.read(SAMPLE)
            mark = next((name for mark, name in _MARKS if head.startswith(mark)), None)
            if mark:
                return mark, "by the byte order mark" if mark != "utf-8" else ""
            if head[1::2].count(0) > len(head) // 4:
                return "utf-16-le", "every second byte is 0"
            if head[::2].count(0) > len(head) // 4:
                return "utf-16-be", "every second byte is 0"
            found = _letters(head, content)
            letters, wrong = letters + found[0], wrong + found[1]
    # A few broken lines in a text of UTF-8 are rejected records; without any letter of UTF-8 it is another encoding.
    if not wrong or letters > wrong:
        return "utf-8", ""
    return "cp1252", f"{wrong} bytes are not UTF-8; cp1252 is the most frequent other encoding: look at the letters"


def _letters(head: bytes, content: IO[bytes]) -> tuple[int, int]:
    """Return the number of letters beyond ASCII that are UTF-8, and of bytes that are not."""
    # Not "replace": its character U+FFFD is also in correct files, where another program has replaced letters.
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    letters = wrong = 0
    data = head
    try:
        while data:
            text = decoder.decode(data)
            if not text.isascii():
                failed = sum("\udc80" <= character <= "\udcff" for character in text)
                letters += sum(not character.isascii() for character in text) - failed
                wrong += failed
            data = content.read(_BLOCK)
    except UnreadableError:
        pass  # the check against all records names it
    return letters, wrong


def _json_or_csv(text: str, *, complete: bool) -> str:
    start = text.lstrip()
    if start.startswith("["):
        return "json" if re.match(r"\[\s*(\{|\]|$)", start) else "csv"
    if not re.match(r'\{\s*("|\})', start):
        return "csv"
    lines = [line for line in start.splitlines() if line.strip()]
    whole = lines if complete else lines[:-1] or lines
    ends = sum(line.rstrip().endswith("}") and line.lstrip().startswith("{") for line in whole)
    return "jsonl" if ends * 2 > len(whole) else "json"


def _csv(found: Dialect, text: str, *, delimiter: str | None, header: bool | None) -> Dialect:
    lines = text.splitlines(keepends=True)
    sample = "".join(lines[:-1] if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")) else lines)
    first = lines[0] if lines else ""
    others = [
        c for c in dict.fromkeys(first) if c.isprintable() and c.isascii() and not c.isalnum() and c not in "\"' ._-"
    ]
    candidates = [delimiter] if delimiter else list(dict.fromkeys(_DELIMITERS + "".join(others) + "\x01\x1f"))
    quotes = ['"', "'"] if re.search(r"(^|[,;\t|])'", sample, re.MULTILINE) and '"' not in sample else ['"']
    scored = [(_score(sample, d, q), -i, d, q) for i, d in enumerate(candidates) for q in quotes]
    best = max(scored, key=lambda entry: entry[:2])
    rows = _rows(sample, best[2], best[3], most=200)
    why = [*found.why]
    if delimiter is None:
        why.append(("delimiter", f"{len(rows[0]) if rows else 0} columns in most of the first records"))
    if header is None:
        header, reason = _header(rows)
        why.append(("header", reason))
    return replace(found, delimiter=best[2], quote=best[3], header=header, why=tuple(why))


def _rows(text: str, delimiter: str, quote: str, *, most: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote):
            if row:
                rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:
        pass  # such as a field that is too long; the rows before it tell enough
    return rows


def _score(text: str, delimiter: str, quote: str) -> tuple[float, int]:
    """Return how well a delimiter fits: share of the rows that have the most frequent number of fields, and fields."""
    counts = Counter(len(row) for row in _rows(text, delimiter, quote, most=1000))
    if not counts:
        return 0, 0
    fields, rows = max(counts.items(), key=lambda item: (item[0] > 1, item[1]))
    share = rows / counts.total()
    return (round(share, 1), fields) if fields > 1 else (0.05, 1)


def _header(rows: list[list[str]]) -> tuple[bool, str]:
    if not rows:
        return True, ""
    first = [cell.strip() for cell in rows[0]]
    no_names = [cell for cell in first if cell and not kind_of(cell).startswith("a text")]
    if no_names:
        return False, f"the first record has {kind_of(no_names[0])}, which is no name"
    if not any(first):
        return False, "the first record has no text"
    if len(rows) > 1 and any(
        cell in values
        for cell, *values in zip(first, *[row for row in rows[1:] if len(row) == len(first)], strict=True)
        if cell
    ):
        return False, "the first record has values that occur again"
    return True, "" if len(rows) > 1 else "there is only one record"
