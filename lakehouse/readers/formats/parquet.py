"""Read Parquet in batches of records; memory does not depend on the size of its row groups."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from lakehouse.readers.arrow_leaves import Mask, from_int96, invalid_text, rebuild
from lakehouse.readers.arrow_types import row_json
from lakehouse.readers.boundaries import TOO_LONG
from lakehouse.readers.chunk import MAX_COLUMNS, MAX_RECORD, MAX_VALUES, TOO_MANY, Broken, Chunk, UnreadableError
from lakehouse.readers.expansion import Expansion
from lakehouse.readers.formats.parquet_limits import batch_rows, dictionary_columns, record_sizes, record_values
from lakehouse.readers.formats.signatures import refuse_compressed

BATCH_BYTES = 16 * 2**20
OPTIONAL_KEYS = "Map keys must be annotated as required"
"""Part of Arrow's message for maps whose keys may be null, as Presto wrote them; the file is not damaged."""
LARGEST_FOOTER = 32 * 2**20
"""Bytes of a footer; Arrow needs about ten times as much memory for it."""


class _Piece(NamedTuple):
    """A part of a batch.

    Attributes:
        records: records that can be processed.
        positions: their positions in the batch.
        rejections: column and reason of each other record, by its position.
    """

    records: pa.RecordBatch
    positions: npt.NDArray[np.int64]
    rejections: dict[int, tuple[str | None, str]]


def read(file: IO[bytes]) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of a Parquet file in chunks; a record's row is its number, from 1.

    Args:
        file: content, seekable.

    Raises:
        UnreadableError: the file is not Parquet, or damaged.
    """
    first = 1
    refuse_compressed(file, format_="Parquet")
    try:
        _check_footer(file)
        metadata = parquet.read_metadata(file)
        if metadata.num_columns > MAX_COLUMNS:
            raise UnreadableError(f"{metadata.num_columns} columns are more than {MAX_COLUMNS}")
        with _open(file, metadata) as opened:
            _check_names(opened.schema_arrow)
            expansion = Expansion(file)
            rows = batch_rows(file, opened, batch_bytes=BATCH_BYTES, expansion=expansion)
            dictionaries = dictionary_columns(opened)
        for batch in _batches(file, metadata, rows=rows, dictionaries=dictionaries):
            for piece in _pieces(batch, expansion):
                yield partial(_chunk, piece, first)
            first += len(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if getattr(error, "errno", None):
            raise
        if OPTIONAL_KEYS in str(error):
            raise UnreadableError(f"its schema cannot be read ({error}): write it again with keys required") from error
        raise UnreadableError(f"damaged or not Parquet: {error}", row=first) from error


def _open(file: IO[bytes], metadata: parquet.FileMetaData, **options: Any) -> parquet.ParquetFile:
    """Open a file so that pages are read when they are needed, because a row group may not fit into memory."""
    options = {"coerce_int96_timestamp_unit": "s"} | options
    return parquet.ParquetFile(
        file, metadata=metadata, pre_buffer=False, buffer_size=2**20, page_checksum_verification=True, **options
    )


def _batches(
    file: IO[bytes], metadata: parquet.FileMetaData, *, rows: int, dictionaries: list[str]
) -> Iterator[pa.RecordBatch]:
    """Yield the records; columns with 96-bit instants are read twice, because Arrow reads any 64 bits of them."""
    with (
        _open(file, metadata, read_dictionary=dictionaries) as opened,
        _open(file, metadata, read_dictionary=dictionaries, coerce_int96_timestamp_unit="ns") as again,
    ):
        batches = opened.iter_batches(batch_size=rows)
        pairs = zip(opened.schema_arrow, again.schema_arrow, strict=True)
        names = [field.name for field, other in pairs if field.type != other.type]
        if not names:
            yield from batches
            return
        others = again.iter_batches(batch_size=rows, columns=names)
        rest = next(others, None)
        for batch in batches:
            # Arrow ends a batch with its row group if it has a dictionary, and the columns alone may have none.
            parts: list[pa.RecordBatch] = []
            missing = len(batch)
            while missing and rest is not None:
                part = rest.slice(0, missing)
                parts.append(part)
                missing -= len(part)
                rest = rest.slice(len(part)) if len(part) < len(rest) else next(others, None)
            for name in names:
                i = batch.schema.get_field_index(name)
                other = pa.concat_arrays([part[name] for part in parts])
                batch = batch.set_column(i, name, rebuild(from_int96, batch[name], other))
            yield batch


def _pieces(batch: pa.RecordBatch, expansion: Expansion) -> Iterator[_Piece]:
    """Yield a batch in parts of bounded bytes and values."""
    sizes, values = record_sizes(batch), record_values(batch)
    expansion.add(int(sizes.sum()))
    parts = np.cumsum(sizes / BATCH_BYTES + (values - batch.num_columns) / MAX_VALUES).astype(np.int64)
    starts = [*np.flatnonzero(np.diff(parts, prepend=-1)).tolist(), len(batch)]
    for start, end in pairwise(starts):
        records = batch.slice(start, end - start)
        rejections: dict[int, tuple[str | None, str]] = {}
        for name, mask in _invalid_nested_text(records):
            rejections |= dict.fromkeys(np.flatnonzero(mask).tolist(), (name, "invalid UTF-8"))
        for reason, mask in ((TOO_MANY, values > MAX_VALUES), (TOO_LONG, sizes > MAX_RECORD)):
            rejections |= dict.fromkeys(np.flatnonzero(mask[start:end]).tolist(), (None, reason))
        positions = np.arange(start, end)
        if rejections:
            kept = np.delete(np.arange(len(records)), list(rejections))
            records, positions = records.take(pa.array(kept)), positions[kept]
        yield _Piece(_checked(_decoded(records)), positions, {start + i: why for i, why in rejections.items()})


def _invalid_nested_text(batch: pa.RecordBatch) -> Iterator[tuple[str, Mask]]:
    """Yield the nested columns that have text which is not UTF-8, and the mask of records with it."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_nested(column.type):
            try:
                column.validate(full=True)
            except pa.ArrowInvalid as error:
                if "UTF8" in str(error):
                    yield name, invalid_text(column)


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with values in place of dictionaries."""
    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


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
    """Return the batch with columns of invalid UTF-8, which Arrow does not check, as bytes."""
    for i, column in enumerate(batch.columns):
        if not pa.types.is_string(column.type):
            continue
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):  # other invalid values, such as a time of 25 hours, are rejected one by one
                continue
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


def _chunk(piece: _Piece, first: int) -> Chunk:
    batch = piece.records
    return Chunk(
        columns=dict(zip(batch.schema.names, batch.columns, strict=True)),
        rows=pa.array(piece.positions + first, type=pa.int64()),
        original=partial(row_json, batch),
        broken=[
            Broken(row=first + i, text="", reason=reason, column=column)
            for i, (column, reason) in piece.rejections.items()
        ],
    )
