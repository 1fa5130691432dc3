"""Read the header of Avro object container files: its metadata are bytes, of which only the schema and codec are text.

Source: Apache Avro specification, "Object Container Files".
"""

import io
import json
from typing import IO

from lakehouse.readers.chunk import UnreadableError
from lakehouse.readers.expansion import Expansion
from lakehouse.readers.formats.avro_blocks import LARGEST, read_number
from lakehouse.readers.formats.avro_values import prepared

MAGIC = b"Obj\x01"
_SYNC = 16


class Container:
    """An Avro file with the header that fastavro needs.

    Attributes:
        block: content of the block that is being read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._expansion = Expansion(file)
        self._header = io.BytesIO(_header(file))
        self.block = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        return self._header.read(size) or self._file.read(size)

    def keep(self, block: bytes) -> io.BytesIO:
        """Take the content of the next block, and refuse a file whose blocks expand too much."""
        self._expansion.add(len(block))
        self.block = io.BytesIO(block)
        return self.block


def _header(file: IO[bytes]) -> bytes:
    """Return a header with the prepared schema and the codec, and leave the file at its first block."""
    if file.read(len(MAGIC)) != MAGIC:
        raise UnreadableError("damaged or not Avro: it does not begin with Obj and 1")
    metadata: dict[bytes, bytes] = {}
    while count := _signed(file):
        if count < 0:  # the size of the entries follows, which only a reader that skips them needs
            count = -count
            _signed(file)
        for _ in range(count):
            name = _bytes(file)
            metadata[name] = _bytes(file)
    schema = prepared(json.loads(metadata.get(b"avro.schema", b"")))
    entries = {b"avro.schema": json.dumps(schema).encode(), b"avro.codec": metadata.get(b"avro.codec", b"null")}
    parts = [_number(len(text)) + text for entry in entries.items() for text in entry]
    return MAGIC + _number(len(entries)) + b"".join(parts) + b"\0" + _exactly(file, _SYNC)


def _signed(file: IO[bytes]) -> int:
    number = read_number(file)
    return (number >> 1) ^ -(number & 1)


def _bytes(file: IO[bytes]) -> bytes:
    length = _signed(file)
    if not 0 <= length <= LARGEST:
        raise UnreadableError(f"damaged or not Avro: an entry of its header has {length} bytes")
    return _exactly(file, length)


def _exactly(file: IO[bytes], length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise UnreadableError("damaged or not Avro: its header is incomplete")
    return data


def _number(number: int) -> bytes:
    """Return a length as Avro writes it."""
    number <<= 1
    written = bytearray()
    while number > 0x7F:
        written.append((number & 0x7F) | 0x80)
        number >>= 7
    return bytes([*written, number])
