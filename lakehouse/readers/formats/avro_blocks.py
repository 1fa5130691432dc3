"""Decompress the blocks of Avro object container files within a size limit, which fastavro does not have.

Source: Apache Avro specification, "Object Container Files".
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import IO, Protocol, runtime_checkable

import cramjam
import fastavro.read

from lakehouse.readers.chunk import UnreadableError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@runtime_checkable
class KeepsBlock(Protocol):
    """A file that takes the decompressed content of the block that is being read."""

    def keep(self, block: bytes) -> BytesIO: ...


LARGEST = 32 * 2**20
"""Bytes of a block, compressed or not; writers usually make blocks of 16 to 64 KiB."""


def limit_blocks() -> None:
    """Make fastavro read blocks with the functions of this module."""
    codecs: dict[str, Callable[[bytes], bytes]] = {
        "null": lambda data: data,
        "deflate": lambda data: zlib.decompressobj(-15).decompress(data, LARGEST + 1),
        "bzip2": lambda data: bz2.BZ2Decompressor().decompress(data, LARGEST + 1),
        "xz": lambda data: lzma.LZMADecompressor().decompress(data, LARGEST + 1),
        "zstandard": lambda data: zstd.ZstdDecompressor().decompress(data, LARGEST + 1),
        "snappy": _snappy,
    }
    for codec, decompress in codecs.items():
        fastavro.read.BLOCK_READERS[codec] = _reader(decompress)


def _reader(decompress: Callable[[bytes], bytes]) -> Callable[[IO[bytes]], IO[bytes]]:
    def read(file: IO[bytes]) -> IO[bytes]:
        length = read_number(file, shift=1)
        _check(length)
        data = file.read(length)
        if len(data) < length:
            raise UnreadableError(f"damaged or not Avro: a block of {length} bytes ends after {len(data)}")
        block = decompress(data)
        _check(len(block))
        return file.keep(block) if isinstance(file, KeepsBlock) else BytesIO(block)

    return read


def _snappy(data: bytes) -> bytes:
    _check(read_number(BytesIO(data)))
    return bytes(cramjam.snappy.decompress_raw(data[:-4]))  # four bytes of checksum


def _check(length: int) -> None:
    if length > LARGEST:
        raise UnreadableError(f"a block of more than {LARGEST:,} bytes: configure its writer to make smaller blocks")


def read_number(file: IO[bytes], *, shift: int = 0) -> int:
    """Read a variable-length integer: groups of seven bits, the lowest first.

    Args:
        file: positioned at the integer.
        shift: 1 drops the lowest bit, which is the sign of a signed integer and 0 for a length.
    """
    number = place = 0
    while True:
        read = file.read(1)
        if not read:
            raise UnreadableError("damaged or not Avro: it ends where the length of a block is expected")
        (byte,) = read
        number |= (byte & 0x7F) << place
        place += 7
        if byte < 0x80 or place > 63:
            return number >> shift
