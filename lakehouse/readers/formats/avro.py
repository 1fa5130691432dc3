"""Read Avro object container files."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import IO, Any, NamedTuple, cast

import fastavro
import pyarrow as pa

from lakehouse.contracts.model import Column, Contract
from lakehouse.errors import LakehouseError
from lakehouse.readers.boundaries import TOO_LONG
from lakehouse.readers.chunk import KEPT_OF_TOO_LONG, MAX_RECORD, MAX_VALUES, TOO_MANY, Broken, Chunk, UnreadableError
from lakehouse.readers.formats import avro_count
from lakehouse.readers.formats.avro_blocks import limit_blocks
from lakehouse.readers.formats.avro_columns import INVALID_TEXT, array_of, invalid_text, json_value, not_finite
from lakehouse.readers.formats.avro_header import Container
from lakehouse.readers.formats.avro_schema import check
from lakehouse.readers.formats.avro_values import out_of_range, use_exact_readers
from lakehouse.readers.formats.signatures import refuse_compressed
from lakehouse.readers.json_text import to_json

BATCH_BYTES = 16 * 2**20
BATCH_ROWS = 16 * 2**10
_KEPT = "`_record` has its beginning"
NO_CODEC = "you need to install"
"""Part of fastavro's message for a compression whose package is not installed."""

limit_blocks()
use_exact_readers()
avro_count.count_values()


class _Rejected(NamedTuple):
    """Stands for a record that takes too much memory, of which `text` is the beginning, or that has invalid text."""

    text: str
    reason: str
    column: str | None = None


def read(file: IO[bytes], contract: Contract) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of an Avro object container file in chunks; a record's row is its number, from 1.

    Args:
        file: content, positioned at its start.
        contract: has the types of the columns.

    Raises:
        UnreadableError: the file is not Avro, or damaged.
        LakehouseError: its compression needs a package that is not installed.
    """
    first = 1
    columns = {column.source_name: column for column in contract.columns}
    try:
        refuse_compressed(file, format_="Avro")
        container = Container(file)
        reader = fastavro.reader(cast(IO[bytes], container), handle_unicode_errors=INVALID_TEXT)
        schema = reader.writer_schema
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise UnreadableError("expected Avro records, found values of another type")
        check(schema)
        names = [field["name"] for field in schema["fields"]]
        for records in _batches(reader, container):
            yield partial(_chunk, records, names, columns, first)
            first += len(records)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # a damaged byte can cause any exception in fastavro; there is no common class
        if getattr(error, "errno", None):
            raise
        if NO_CODEC in str(error):
            raise LakehouseError(f"Avro: {error}") from error
        raise UnreadableError(f"damaged or not Avro: {error or type(error).__name__}", row=first) from error


def _batches(reader: Iterator[Any], container: Container) -> Iterator[list[Any]]:
    """Yield the records in lists of bounded bytes and values."""
    records: list[Any] = []
    size = values = start = 0
    block = container.block
    for record in reader:
        if container.block is not block:
            block, start = container.block, 0
        end = block.tell()
        count = avro_count.taken()
        if end - start > MAX_RECORD or count > MAX_VALUES:
            beginning = block.getbuffer()[start : min(end, start + KEPT_OF_TOO_LONG)]
            text = bytes(beginning).decode(errors="backslashreplace")
            record = _Rejected(text, f"{TOO_LONG if end - start > MAX_RECORD else TOO_MANY}; {_KEPT}")
        records.append(record)
        size += end - start
        values += count
        start = end
        if len(records) == BATCH_ROWS or size >= BATCH_BYTES or values >= MAX_VALUES:
            yield records
            records, size, values = [], 0, 0
    if records:
        yield records


def _chunk(records: list[Any], names: list[str], contracted: Mapping[str, Column], first: int) -> Chunk:
    try:
        return _chunk_of_text(records, names, contracted, first)
    except UnicodeEncodeError:
        return _chunk_of_text([_checked(record) for record in records], names, contracted, first)


def _checked(record: Any) -> Any:
    """Return a record, or why it is rejected if it has text that is not UTF-8."""
    if not isinstance(record, dict):
        return record
    for name, value in record.items():
        if at := invalid_text(value):
            text = to_json(json_value(record)).encode(errors=INVALID_TEXT).decode(errors="backslashreplace")
            return _Rejected(text, f"invalid UTF-8 at byte {at}", name)
    return record


def _chunk_of_text(records: list[Any], names: list[str], contracted: Mapping[str, Column], first: int) -> Chunk:
    broken = [
        Broken(row=first + i, text=record.text, reason=record.reason, column=record.column)
        for i, record in enumerate(records)
        if isinstance(record, _Rejected)
    ]
    positions = [i for i, record in enumerate(records) if not isinstance(record, _Rejected)]
    columns = {name: [records[i][name] for i in positions] for name in names}
    cleansed = {name for name, column in contracted.items() if column.cleansing}
    return Chunk(
        columns={
            name: array_of(values, contracted[name].type if name in contracted else None)
            for name, values in columns.items()
        },
        rows=pa.array([first + i for i in positions], type=pa.int64()),
        original=lambda position: to_json(json_value(records[positions[position]])),
        broken=broken,
        typed={name: _positions(columns[name], _is_typed) for name in cleansed & columns.keys()},
        nested={name: _positions(values, _is_nested) for name, values in columns.items()},
        out_of_range={name: _positions(values, out_of_range) for name, values in columns.items()},
        not_finite={name: _positions(values, _has_not_finite) for name, values in columns.items()},
    )


def _is_typed(value: Any) -> bool:
    return not isinstance(value, str | bytes | None)


def _is_nested(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _has_not_finite(value: Any) -> bool:
    return _is_nested(value) and not_finite(value)


def _positions(values: list[Any], test: Callable[[Any], bool]) -> list[int]:
    return [i for i, value in enumerate(values) if test(value)]
