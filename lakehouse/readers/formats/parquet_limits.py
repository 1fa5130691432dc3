"""Decide before Parquet is decoded how many records fit into memory, or refuse the file.

A few bytes of a page can stand for gigabytes: compressed, repeated from a dictionary or from the value before, or as a
run of nulls in a list. Headers of pages give a bound for each of these.
"""

from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

from lakehouse.readers.arrow_leaves import elements
from lakehouse.readers.chunk import MAX_RECORD, UnreadableError
from lakehouse.readers.expansion import Expansion
from lakehouse.readers.formats.parquet_pages import Pages, read_pages

BATCH_ROWS = 64 * 2**10
PAGES = 256 * 2**20
"""Bytes of pages in memory at a time: of each column of a row group its dictionary and its largest page."""

DECODED = 128 * 2**20
"""Bytes that a batch may need at most, and a record with lists if its bytes in the file do not account for it."""

_LEVELS = 4
"""Bytes for each value of a list that say where the list begins and what is null."""

_RATIO = 100
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 4}


_WITH_DICTIONARY = {"PLAIN", "RLE", "BIT_PACKED", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}
"""Encodings of texts that Arrow reads into dictionaries."""


def dictionary_columns(opened: parquet.ParquetFile) -> list[str]:
    """Return the columns of text that are read with their dictionary, so that a batch has each value once."""
    groups = [opened.metadata.row_group(i) for i in range(opened.metadata.num_row_groups)]
    texts = {
        field.name
        for field in opened.schema_arrow
        if types.is_string(field.type) or types.is_binary(field.type) or types.is_large_string(field.type)
    }
    return [
        opened.schema.column(i).path
        for i in range(len(opened.schema))
        if opened.schema.column(i).path in texts
        and all(_WITH_DICTIONARY.issuperset(group.column(i).encodings) for group in groups if i < group.num_columns)
    ]


def batch_rows(file: IO[bytes], opened: parquet.ParquetFile, *, batch_bytes: int, expansion: Expansion) -> int:
    """Return how many records can be decoded at a time.

    Args:
        file: the file, seekable.
        opened: the same file.
        batch_bytes: bytes of a batch, as far as they are in the pages.
        expansion: limits what the file becomes.

    Raises:
        UnreadableError: not even one record is sure to fit, the file expands too much, or a page is damaged.
    """
    with_dictionary = set(dictionary_columns(opened))
    rows = BATCH_ROWS
    total = 0
    for i in range(opened.metadata.num_row_groups):
        group = opened.metadata.row_group(i)
        if group.num_rows <= 0:
            continue
        if group.num_columns != len(opened.schema):
            raise UnreadableError("damaged or not Parquet: a row group has not the columns of the schema")
        resident = 0
        stored = expanded = 0.0
        for j in range(group.num_columns):
            column, leaf = group.column(j), opened.schema.column(j)
            if column.total_uncompressed_size > group.num_rows * MAX_RECORD:
                raise _too_large(column, f"{column.total_uncompressed_size:,} bytes in {group.num_rows:,} records")
            pages = read_pages(file, column)
            resident += pages.dictionary + pages.largest
            each = max(pages.values / group.num_rows, 1)
            width = _WIDTHS.get(leaf.physical_type) or max(leaf.length, 1)
            stored += (pages.density + width) * each
            if leaf.path not in with_dictionary:
                expanded += _repeated(column, pages) * each
            total += pages.values * width
            decoded = pages.values * (width + _LEVELS)
            if leaf.max_repetition_level and decoded > max(DECODED, _RATIO * column.total_uncompressed_size):
                raise _too_large(column, f"{pages.values:,} values in {column.total_uncompressed_size:,} bytes")
        if resident > PAGES:
            raise UnreadableError(
                f"pages of {resident:,} bytes are in memory at a time, more than {PAGES:,}: configure its writer to "
                "make smaller pages"
            )
        expansion.check(total)
        fitting = min(batch_bytes / max(stored, 1e-9), DECODED / max(expanded, 1e-9))
        rows = min(rows, max(1, int(fitting)))
    return rows


def record_sizes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Return the bytes of each record of a batch, with the values that its dictionaries stand for."""
    return sum(map(_sizes, batch.columns), start=np.zeros(len(batch), dtype=np.int64))


def record_values(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Return how many values each record of a batch has in its columns, and in their lists, maps and structs."""
    return sum(map(_values, batch.columns), start=np.full(len(batch), batch.num_columns, dtype=np.int64))


def _values(array: pa.Array) -> npt.NDArray[np.int64]:
    type_ = array.type
    if types.is_struct(type_):
        children = [_values(array.field(i)) for i in range(type_.num_fields)]
        counts = sum(children, start=np.full(len(array), max(type_.num_fields, 1), dtype=np.int64))
    elif types.is_nested(type_):
        bounds, parts = elements(array)
        totals = np.concatenate(([0], np.cumsum(sum(map(_values, parts)))))
        counts = np.maximum(np.diff(bounds), 1) + totals[bounds[1:]] - totals[bounds[:-1]]
    else:
        return np.zeros(len(array), dtype=np.int64)
    return np.where(array.is_valid(), counts, 0)


def _sizes(array: pa.Array) -> npt.NDArray[np.int64]:
    type_ = array.type
    if isinstance(type_, pa.BaseExtensionType):
        return _sizes(array.storage)
    if types.is_dictionary(type_):
        sizes = np.append(_sizes(array.dictionary), 0)
        return np.asarray(sizes[np.asarray(array.indices.fill_null(len(array.dictionary)))])
    if types.is_struct(type_):
        children = [_sizes(array.field(i)) for i in range(type_.num_fields)]
        return sum(children, start=np.zeros(len(array), dtype=np.int64))
    if types.is_nested(type_):
        bounds, parts = elements(array)
        totals = np.concatenate(([0], np.cumsum(sum(map(_sizes, parts)))))
        return np.asarray(totals[bounds[1:]] - totals[bounds[:-1]] + 1)
    if types.is_string(type_) or types.is_binary(type_) or types.is_large_string(type_) or types.is_large_binary(type_):
        return np.asarray(pc.binary_length(array).fill_null(0)).astype(np.int64)
    if types.is_string_view(type_) or types.is_binary_view(type_):
        return _sizes(array.cast(pa.large_binary()))
    width = 0 if types.is_null(type_) else max(type_.bit_width // 8, 1)
    return np.full(len(array), width, dtype=np.int64)


def _repeated(column: parquet.ColumnChunkMetaData, pages: Pages) -> int:
    """Return the most bytes that a value can have which stand elsewhere: in the dictionary or in values before it."""
    if column.physical_type not in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"):
        return 0
    return max(pages.dictionary, pages.largest if "DELTA_BYTE_ARRAY" in column.encodings else 0)


def _too_large(column: parquet.ColumnChunkMetaData, sizes: str) -> UnreadableError:
    return UnreadableError(
        f"column {column.path_in_schema!r} has {sizes}, so records are longer than {MAX_RECORD // 2**20} MiB: send "
        "smaller values, or smaller row groups"
    )
