"""Bytes of an object as its reader needs them: decompressed, and text as UTF-8 without a byte order mark."""

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

# What a file begins with says what it is; what it is called does not.
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
    """Yield the file's content and whether it was compressed (gzip, zstd or bzip2), whatever its name.

    Raises:
        UnreadableError: from reads within the block, when the compressed data is damaged or ends too soon.
    """
    head = file.read(10)
    file.seek(0)
    for magic, opened in _COMPRESSIONS.items():
        if head.startswith(magic) and (magic != b"BZh" or head[4:10] in _BZIP2_BLOCK):
            with opened(file) as content:
                yield io.BufferedReader(_Guarded(content), buffer_size=1 << 20), True
            return
    yield file, False


class _Guarded(io.RawIOBase):
    """Tells data that cannot be decompressed from a disk that cannot be read."""

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
    """Text of a file as UTF-8 without its byte order mark; what `encoding` cannot decode becomes invalid UTF-8.

    Args:
        file: content, positioned at its start.
        encoding: what the contract says, a name that Python's codecs know.

    Raises:
        UnreadableError: it is no text, or text in another encoding by its byte order mark.
        LakehouseError: there is no such encoding.
    """
    try:
        codec = codecs.lookup(encoding)
    except LookupError as error:
        raise LakehouseError(
            f"encoding {encoding!r} is unknown: use a name of Python's codecs, such as cp1252"
        ) from error
    buffered = io.BufferedReader(file, buffer_size=1 << 20) if isinstance(file, io.RawIOBase) else file
    head = _peek(buffered)
    for magic, what in _NOT_TEXT.items():
        if head.startswith(magic) and not (what.startswith("UTF-16") and codec.name.startswith(("utf-16", "utf-32"))):
            raise UnreadableError(f"expected text in {encoding}, found {what}")
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


# U+DCFF stands for what could not be decoded. No valid text holds it, and as UTF-8 it is invalid, so the record that
# it is in is rejected like any other with invalid bytes.
codecs.register_error("lakehouse.mark", lambda error: ("\udcff", cast(UnicodeDecodeError, error).end))


class _Transcoded(io.RawIOBase):
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
