"""Errors of the readers that nobody expected: they reject the record or the object that causes them, never the job."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from lakehouse.contracts.model import Contract
from lakehouse.errors import LakehouseError
from lakehouse.readers.chunk import Broken, Chunk, UnreadableError
from lakehouse.readers.rows import broken_rows, rows_of

log = logging.getLogger(__name__)

UNEXPECTED = "unexpected error"
"""First words of the reason of a record, or of the rest of an object, that caused such an error."""


def is_of_content(error: Exception) -> bool:
    """Return whether an error can be caused by the content of an object, unlike full disks, memory and settings."""
    if isinstance(error, OSError) and error.errno:
        return False
    return not isinstance(error, MemoryError | LakehouseError | pa.ArrowCancelled)


def rows_of_each(contract: Contract, chunk: Chunk, *, source_file: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a chunk; a record that causes an unexpected error is rejected by itself.

    Args:
        contract: has the columns and their rules.
        chunk: records of one object.
        source_file: URI of the object.
    """
    try:
        yield rows_of(contract, chunk, source_file=source_file)
    except Exception as error:
        if isinstance(error, UnreadableError) or not is_of_content(error):
            raise
        first, last = chunk.rows[0].as_py(), chunk.rows[-1].as_py()
        log.exception("%s: rows %d to %d cause an unexpected error", source_file, first, last)
        yield from _halved(contract, chunk, error, source_file)


def _halved(contract: Contract, chunk: Chunk, error: Exception, source_file: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a chunk that caused an error, by dividing it until only the records remain that cause it."""
    count = len(chunk.rows)
    if count == 1:
        yield broken_rows(contract, [_broken(chunk, error)], source_file=source_file)
        return
    for part in (_part(chunk, 0, count // 2), _part(chunk, count // 2, count)):
        try:
            rows = rows_of(contract, part, source_file=source_file)
        except Exception as inner:
            if not is_of_content(inner):
                raise
            yield from _halved(contract, part, inner, source_file)
        else:
            yield rows


def _part(chunk: Chunk, first: int, end: int) -> Chunk:
    return Chunk(
        columns={name: array.slice(first, end - first) for name, array in chunk.columns.items()},
        rows=chunk.rows.slice(first, end - first),
        original=lambda position: chunk.original(first + position),
        extras={i - first: fields for i, fields in chunk.extras.items() if first <= i < end},
        reasons={i - first: found for i, found in chunk.reasons.items() if first <= i < end},
        typed=_within(chunk.typed, first, end),
        nested=_within(chunk.nested, first, end),
        out_of_range=_within(chunk.out_of_range, first, end),
        not_finite=_within(chunk.not_finite, first, end),
    )


def _within(positions: Mapping[str, Sequence[int]], first: int, end: int) -> dict[str, list[int]]:
    return {name: [i - first for i in each if first <= i < end] for name, each in positions.items()}


def _broken(chunk: Chunk, error: Exception) -> Broken:
    try:
        text = chunk.original(0)
    except Exception as inner:  # the text may be what causes the error
        if not is_of_content(inner):
            raise
        text = ""
    return Broken(row=chunk.rows[0].as_py(), text=text, reason=f"{UNEXPECTED}: {type(error).__name__}: {error}")
