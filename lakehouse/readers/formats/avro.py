"""Read Avro object container files."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import IO, Any

import fastavro
import pyarrow as pa

from lakehouse.errors import LakehouseError
from lakehouse.readers.arrow_types import text_of, to_json_value
from lakehouse.readers.chunk import Chunk, UnreadableError
from lakehouse.readers.formats.avro_blocks import limit_blocks
from lakehouse.readers.formats.avro_schema import check
from lakehouse.readers.json_text import to_json

BATCH_ROWS = 16 * 2**10
NO_CODEC = "you need to install"
"""Part of fastavro's message for a compression whose package is not installed."""

limit_blocks()


def read(file: IO[bytes]) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of an Avro object container file in chunks; a record's row is its number, from 1.

    Args:
        file: content, positioned at its start.

    Raises:
        UnreadableError: the file is not Avro, or damaged.
        LakehouseError: its compression needs a package that is not installed.
    """
    first = 1
    try:
        reader = fastavro.reader(file)
        schema = reader.writer_schema
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise UnreadableError("expected Avro records, found values of another type")
        check(schema)
        names = [field["name"] for field in schema["fields"]]
        while records := list(islice(reader, BATCH_ROWS)):
            yield partial(_chunk, records, names, first)
            first += len(records)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # a damaged byte can cause any exception in fastavro; there is no common class
        if getattr(error, "errno", None):
            raise
        if NO_CODEC in str(error):
            raise LakehouseError(f"Avro: {error}") from error
        raise UnreadableError(f"damaged or not Avro: {error or type(error).__name__}", row=first) from error


def _chunk(records: list[Any], names: list[str], first: int) -> Chunk:
    return Chunk(
        columns={name: _column([record[name] for record in records]) for name in names},
        rows=pa.array(range(first, first + len(records)), type=pa.int64()),
        original=lambda position: to_json(to_json_value(records[position])),
    )


def _column(values: list[Any]) -> pa.Array:
    """Return an array of the type that Arrow infers; an array of text if values nest or have several types."""
    if not any(isinstance(value, (dict, list)) for value in values):
        try:
            return pa.array(values)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            pass
    return pa.array([None if value is None else text_of(value) for value in values], type=pa.string())
