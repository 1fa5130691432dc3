"""Read the headers of Parquet's pages, which say how large the pages are before anything is decompressed.

Source: Apache Parquet format, "Data Pages" (`PageHeader` in parquet.thrift); Apache Thrift, "Thrift Compact protocol".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from pyarrow import parquet

from lakehouse.readers.chunk import UnreadableError

_HEADER = 4 * 2**10
"""Bytes that are read for a header; those with long statistics take more."""

_LARGEST_HEADER = 32 * 2**20
_MAX_DEPTH = 8
_KIND, _UNCOMPRESSED, _COMPRESSED = 1, 2, 3
_DICTIONARY_PAGE = 2
_DATA_HEADERS = (5, 8)
"""The fields of a header that describe a data page: version 1 and 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the pages of one column chunk take in memory.

    Attributes:
        dictionary: bytes of the dictionary; 0 without one.
        largest: bytes of the largest data page.
        density: the most bytes for each value among data pages, without what a dictionary adds.
        values: how many values the data pages have, nulls and empty lists included.
    """

    dictionary: int
    largest: int
    density: float
    values: int


def read_pages(file: IO[bytes], column: parquet.ColumnChunkMetaData) -> Pages:
    """Return the sizes of a column chunk's pages.

    Raises:
        UnreadableError: a header is damaged.
    """
    dictionary = largest = values = 0
    density = 0.0
    for header in _headers(file, column):
        size = _size(header, _UNCOMPRESSED)
        if header.get(_KIND) == _DICTIONARY_PAGE:
            dictionary = max(dictionary, size)
            continue
        count = next((_size(header[i], 1) for i in _DATA_HEADERS if i in header), 0)
        values += count
        largest = max(largest, size)
        density = max(density, size / max(count, 1))
        if values >= column.num_values:  # Arrow reads no further
            break
    return Pages(dictionary=dictionary, largest=largest, density=density, values=values)


def _size(header: Any, field: int) -> int:
    """Return a field of a header that holds a size or a count."""
    size = header.get(field) if isinstance(header, dict) else None
    if type(size) is not int or size < 0:
        raise UnreadableError("damaged or not Parquet: a page has no size")
    return size


def _headers(file: IO[bytes], column: parquet.ColumnChunkMetaData) -> Iterator[dict[int, Any]]:
    at = column.data_page_offset
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < at:
        at = column.dictionary_page_offset
    end = at + column.total_compressed_size
    if at < 0:
        raise UnreadableError("damaged or not Parquet: a page begins before the file")
    while at < end:
        header, length = _header(file, at)
        yield header
        at += length + _size(header, _COMPRESSED)


def _header(file: IO[bytes], at: int) -> tuple[dict[int, Any], int]:
    """Return the fields of the header at a byte, by number, and its length."""
    size = _HEADER
    while True:
        file.seek(at)
        data = file.read(size)
        reader = _Compact(data)
        try:
            return reader.struct(), reader.at
        except IndexError:
            if len(data) < size or size >= _LARGEST_HEADER:
                raise UnreadableError(f"damaged or not Parquet: the page at byte {at} has no header") from None
            size *= 16


class _Compact:
    """Values in Thrift's compact protocol; an IndexError says that they do not end within the data."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            fields[number] = self._value(head & 0xF, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._skip(8)
            case 8:
                return self._skip(self._unsigned())
            case 12 if depth < _MAX_DEPTH:
                return self.struct(depth + 1)
        raise UnreadableError("damaged or not Parquet: a page's header has a field of unknown type")

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _unsigned(self) -> int:
        number = place = 0
        while True:
            byte = self._byte()
            number |= (byte & 0x7F) << place
            place += 7
            if byte < 0x80 or place > 63:
                return number

    def _signed(self) -> int:
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)

    def _skip(self, length: int) -> None:
        self.at += length
        if self.at > len(self._data):
            raise IndexError
