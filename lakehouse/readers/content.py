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

from lakehouse.errors import LakehouseError
from lakehouse.readers.chunk import UnreadableError

# The first bytes of a file decide, not its name.
_COMPRESSIONS: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb")),
    b"\x28\xb5\x2f\xfd": lambda file: cast(IO[bytes], pa.CompressedInputStream(file, "zstd")),
    b"BZh": bz2.BZ2File,
}
_BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # "BZh" alone could begin a text

_NOT_TEXT = {
    b"PK\x03\x04": "a ZIP archive (or an Excel workbook)",
    b"PAR1": "Parquet",
    b"Obj\x01": "Avro",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"%PDF-": "PDF",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "xz",
    b"\xff\xfe": "UTF-16 (by its byte order mark)",
    b"\xfe\xff": "UTF-16 (by its byte order mark)",
}


@contextmanager
def decompressed(file: IO[bytes]) -> Iterator[tuple[IO[bytes], bool]]:
    """Yield the content of a file and whether it was compressed (gzip, zstd or bzip2).

    Raises:
        UnreadableError: from reads within the block, if the compressed data is damaged or incomplete.
    """
    head = file.read(10)
    file.seek(0)
    for magic, decompress in _COMPRESSIONS.items():
        if head.startswith(magic) and (magic != b"BZh" or head[4:10] in _BZIP2_BLOCK):
            with decompress(file) as content:
                yield io.BufferedReader(_Decompressed(content), buffer_size=1 << 20), True
            return
    yield file, False


class _Decompressed(io.RawIOBase):
    """Decompressed content; it distinguishes damaged data (UnreadableError) from a disk error (OSError)."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._content.read(len(buffer))
        except (EOFError, zlib.error, OSError, pa.ArrowInvalid) as error:
            if getattr(error, "errno", None):
                raise
            raise UnreadableError(f"damaged or incomplete compressed file: {error}") from error
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
    for magic, kind in _NOT_TEXT.items():
        if head.startswith(magic) and not (kind.startswith("UTF-16") and codec.name.startswith(("utf-16", "utf-32"))):
            raise UnreadableError(f"expected text in {encoding}, found {kind}")
    if codec.name in ("utf-8", "utf-8-sig", "ascii"):
        if head.startswith(codecs.BOM_UTF8):
            buffered.read(len(codecs.BOM_UTF8))
        return buffered
    return io.BufferedReader(_Transcoded(buffered, codec), buffer_size=1 << 20)


def _peek(file: IO[bytes]) -> bytes:
    if isinstance(file, io.BufferedReader):
        return file.peek(8)[:8]
    head = file.read(8)
    file.seek(0)
    return head


# U+DCFF stands for bytes that could not be decoded. No valid text contains it, and it is invalid as UTF-8, so the
# record is rejected like any other record with invalid bytes.
codecs.register_error("lakehouse.mark", lambda error: ("\udcff", cast(UnicodeDecodeError, error).end))


class _Transcoded(io.RawIOBase):
    """Text of another encoding as UTF-8."""

    def __init__(self, file: IO[bytes], codec: codecs.CodecInfo) -> None:
        assert codec.incrementaldecoder is not None
        self._file = file
        self._decoder = codec.incrementaldecoder(errors="lakehouse.mark")
        self._ready = b""
        self._started = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            data = self._file.read(1 << 20)
            text = self._decoder.decode(data, final=not data)
            if text and not self._started:
                self._started, text = True, text.removeprefix("\ufeff")
            self._ready = text.encode("utf-8", "surrogatepass")
            if not data:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
