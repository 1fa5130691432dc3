"""Prepare the bytes of an object for its reader: decompressed, and text as UTF-8 without a byte order mark."""

import bz2
import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

import pyarrow as pa

from lakehouse.contracts.encoding import decoder
from lakehouse.errors import LakehouseError
from lakehouse.readers.chunk import UnreadableError
from lakehouse.readers.expansion import Expansion

# The first bytes of a file decide, not its name.
_COMPRESSIONS: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb")),
    b"\x28\xb5\x2f\xfd": lambda file: cast(IO[bytes], pa.CompressedInputStream(file, "zstd")),
    b"BZh": bz2.BZ2File,
}
_NAMES = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2"}
_BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # "BZh" alone could begin a text

_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (or an Excel workbook)",
    b"PAR1": "Parquet",
    b"Obj\x01": "Avro",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"%PDF-": "PDF",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "xz",
}
_MARKS = {  # UTF-32 first: its little-endian mark begins with the one of UTF-16
    codecs.BOM_UTF8: ("UTF-8", ("utf-8", "utf-8-sig", "ascii")),
    codecs.BOM_UTF32_LE: ("UTF-32", ("utf-32", "utf-32-le")),
    codecs.BOM_UTF32_BE: ("UTF-32", ("utf-32", "utf-32-be")),
    codecs.BOM_UTF16_LE: ("UTF-16", ("utf-16", "utf-16-le")),
    codecs.BOM_UTF16_BE: ("UTF-16", ("utf-16", "utf-16-be")),
}
"""Byte order marks, with the name to show and the codecs that read text which begins with them."""


@contextmanager
def decompressed(file: IO[bytes]) -> Iterator[tuple[IO[bytes], bool]]:
    """Yield the content of a file and whether it was compressed (gzip, zstd or bzip2).

    Raises:
        UnreadableError: from reads within the block, if the compressed data is damaged or incomplete, or expands to
            far more than its size.
    """
    compression = _compression(_peek(file))
    if compression:
        expansion = Expansion(file)
        with _COMPRESSIONS[compression](file) as content:
            yield io.BufferedReader(_Decompressed(content, expansion), buffer_size=1 << 20), True
    else:
        yield file, False


def _compression(head: bytes) -> bytes | None:
    """Return the magic number of the compression of a file that begins with `head`."""
    return next(
        (
            magic
            for magic in _COMPRESSIONS
            if head.startswith(magic) and (magic != b"BZh" or head[4:10] in _BZIP2_BLOCK)
        ),
        None,
    )


def check_binary(file: IO[bytes], *, expected: str) -> None:
    """Refuse a file that begins like another format or like a compressed file.

    Args:
        file: content, positioned at its start.
        expected: the format in the contract, `parquet` or `avro`.

    Raises:
        UnreadableError: the message names what the file is.
    """
    head = _peek(file)
    compression = _compression(head)
    if compression:
        name = _NAMES[compression]
        remedy = "send it without; the format compresses its own blocks"
        raise UnreadableError(f"expected {expected.capitalize()}, found {name}: {remedy}")
    for magic, kind in _MAGIC.items():
        if head.startswith(magic) and kind.lower() != expected:
            raise UnreadableError(f"expected {expected.capitalize()}, found {kind}")


class _Decompressed(io.RawIOBase):
    """Decompressed content; it distinguishes damaged data (UnreadableError) from a disk error (OSError)."""

    def __init__(self, content: IO[bytes], expansion: Expansion) -> None:
        self._content = content
        self._expansion = expansion

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._content.read(len(buffer))
        except (EOFError, zlib.error, OSError, pa.ArrowInvalid) as error:
            if getattr(error, "errno", None):
                raise
            raise UnreadableError(f"damaged or incomplete compressed file: {error}") from error
        self._expansion.add(len(data))
        buffer[: len(data)] = data
        return len(data)


def utf8(file: IO[bytes], *, encoding: str) -> IO[bytes]:
    """Return the text of a file as UTF-8 without its byte order mark; undecodable bytes become invalid UTF-8.

    Args:
        file: content, positioned at its start.
        encoding: the encoding in the contract, a name of Python's codecs.

    Raises:
        UnreadableError: the file is not text, or its byte order mark shows another encoding.
        LakehouseError: the encoding is unknown.
    """
    try:
        codec = codecs.lookup(encoding)
    except LookupError as error:
        raise LakehouseError(
            f"encoding {encoding!r} is unknown: use a name of Python's codecs, such as cp1252"
        ) from error
    buffered = io.BufferedReader(file, buffer_size=1 << 20) if isinstance(file, io.RawIOBase) else file
    head = _peek(buffered)
    compression = _compression(head)
    if compression:
        raise UnreadableError(f"expected text in {encoding}, found {_NAMES[compression]} within a compressed file")
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise UnreadableError(f"expected text in {encoding}, found {kind}")
    mark = _mark(head)
    if mark and codec.name not in _MARKS[mark][1]:
        raise UnreadableError(f"expected text in {encoding}, found {_MARKS[mark][0]} (by its byte order mark)")
    if codec.name in ("utf-16", "utf-32") and head and not mark:
        raise UnreadableError(
            f"expected text in {encoding}, found no byte order mark; "
            f"if the source never sends one, write {codec.name}-le or {codec.name}-be in the contract"
        )
    if codec.name in _MARKS[codecs.BOM_UTF8][1]:
        if mark:
            buffered.read(len(mark))
        return buffered
    return io.BufferedReader(_Transcoded(buffered, encoding), buffer_size=1 << 20)


def _mark(head: bytes) -> bytes | None:
    """Return the byte order mark at the beginning of a text."""
    return next((mark for mark in _MARKS if head.startswith(mark)), None)


def _peek(file: IO[bytes]) -> bytes:
    if isinstance(file, io.BufferedReader):
        return file.peek(10)[:10]
    head = file.read(10)
    file.seek(0)
    return head


class _Transcoded(io.RawIOBase):
    """Text of another encoding as UTF-8; bytes that cannot be decoded become invalid UTF-8."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._decoder = decoder(encoding)
        self._ready = b""
        self._started = False
        self._line = 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            data = self._file.read(1 << 20)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeError as error:  # some codecs do not leave all errors to the handler
                reason = f"expected text in {self._encoding}, found bytes that it cannot decode: {error}"
                raise UnreadableError(reason, row=self._line) from error
            self._line += text.count("\n")
            if text and not self._started:
                self._started, text = True, text.removeprefix("\ufeff")
            self._ready = text.encode("utf-8", "surrogatepass")
            if not data:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
