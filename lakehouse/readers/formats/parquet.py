"""Read Parquet in batches of records; memory does not depend on the size of its row groups."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from lakehouse.readers.arrow_leaves import from_int96, rebuild
from lakehouse.readers.arrow_types import row_json
from lakehouse.readers.chunk import MAX_COLUMNS, Chunk, UnreadableError

BATCH_BYTES = 16 * 2**20
BATCH_ROWS = 64 * 2**10
LARGEST_FOOTER = 32 * 2**20
"""Bytes of a footer; Arrow needs about ten times as much memory for it."""


def read(file: IO[bytes]) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of a Parquet file in chunks; a record's row is its number, from 1.

    Args:
        file: content, seekable.

    Raises:
        UnreadableError: the file is not Parquet, or damaged.
    """
    first = 1
    try:
        _check_footer(file)
        with _open(file) as opened:
            if opened.metadata.num_columns > MAX_COLUMNS:
                raise UnreadableError(f"{opened.metadata.num_columns} columns are more than {MAX_COLUMNS}")
            _check_names(opened.schema_arrow)
            for batch in _batches(opened, file, rows=_batch_rows(opened.metadata)):
                yield partial(_chunk, _checked(batch), first)
                first += len(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if getattr(error, "errno", None):
            raise
        raise UnreadableError(f"damaged or not Parquet: {error}", row=first) from error


def _open(file: IO[bytes], *, int96: str = "s") -> parquet.ParquetFile:
    """Open a file so that pages are read when they are needed, because a row group may not fit into memory."""
    return parquet.ParquetFile(
        file, pre_buffer=False, buffer_size=2**20, page_checksum_verification=True, coerce_int96_timestamp_unit=int96
    )


def _batches(opened: parquet.ParquetFile, file: IO[bytes], *, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the records; columns with 96-bit instants are read twice, because Arrow reads any 64 bits of them."""
    batches = opened.iter_batches(batch_size=rows)
    with _open(file, int96="ns") as again:
        pairs = zip(opened.schema_arrow, again.schema_arrow, strict=True)
        names = [field.name for field, other in pairs if field.type != other.type]
        if not names:
            yield from batches
            return
        for batch, other in zip(batches, again.iter_batches(batch_size=rows, columns=names), strict=True):
            for name in names:
                i = batch.schema.get_field_index(name)
                batch = batch.set_column(i, name, rebuild(from_int96, batch[name], other[name]))
            yield batch


def _check_names(fields: Iterable[pa.Field], *, within: str = "") -> None:
    """Refuse two fields of the same name, at any depth: one could be read in place of the other."""
    seen = set[str]()
    for field in fields:
        name = f"{within}{field.name}"
        if name in seen:
            raise UnreadableError(f"column {name!r} occurs more than once")
        seen.add(name)
        if pa.types.is_nested(field.type):
            _check_names(map(field.type.field, range(field.type.num_fields)), within=f"{name}.")


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with columns of invalid UTF-8, which Arrow does not check, as bytes.

    Raises:
        pa.ArrowInvalid: invalid UTF-8 is in a nested column.
    """
    for i, column in enumerate(batch.columns):
        if not (pa.types.is_string(column.type) or pa.types.is_nested(column.type)):
            continue
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):  # other invalid values, such as a time of 25 hours, are rejected one by one
                continue
            if pa.types.is_nested(column.type):
                raise
            batch = batch.set_column(i, batch.schema.names[i], column.cast(pa.binary()))
    return batch


def _check_footer(file: IO[bytes]) -> None:
    """Refuse a footer that would need more memory than the records; it ends with its length and the magic number."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 8, 0))
    length, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    file.seek(0)
    if magic == b"PAR1" and LARGEST_FOOTER < length < size:  # Arrow reports any other length as damage
        raise UnreadableError(f"a footer of {length:,} bytes is more than {LARGEST_FOOTER:,}")


def _batch_rows(metadata: parquet.FileMetaData) -> int:
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    fitting: int = BATCH_BYTES * metadata.num_rows // max(size, 1)
    return max(1, min(BATCH_ROWS, fitting))


def _chunk(batch: pa.RecordBatch, first: int) -> Chunk:
    return Chunk(
        columns=dict(zip(batch.schema.names, batch.columns, strict=True)),
        rows=pa.array(range(first, first + len(batch)), type=pa.int64()),
        original=partial(row_json, batch),
    )
