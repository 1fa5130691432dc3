"""Read CSV with Arrow's parser, on blocks whose records are known to be well-formed, so that it cannot misread any.

An empty field is null, quoted or not. A record that has more or fewer fields than the header is malformed.
"""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from lakehouse.contracts.model import Contract
from lakehouse.readers.chunk import MAX_COLUMNS, Broken, Chunk, UnreadableError
from lakehouse.readers.records import Block, split
from lakehouse.readers.values import show


class _Dialect(NamedTuple):
    delimiter: str
    quote: str


class _Parsed(NamedTuple):
    """Parsed records.

    Attributes:
        table: the records that have the right number of fields.
        field_counts: the number of fields of each other record, by its position.
    """

    table: pa.Table
    field_counts: dict[int, int]


def read(file: IO[bytes], contract: Contract) -> Iterator[Callable[[], Chunk]]:
    """Yield functions that parse the records of a CSV file in chunks; they can run in parallel.

    Args:
        file: UTF-8 text, from `content.utf8`.
        contract: has the dialect, and the columns if the file has no header.

    Raises:
        UnreadableError: the header is malformed, or has no column of the contract.
    """
    dialect = _Dialect(contract.source.delimiter, contract.source.quote)
    blocks = split(file, delimiter=dialect.delimiter, quote=dialect.quote, encoding=contract.source.encoding)
    names = [column.source_name for column in contract.columns]
    if contract.source.header:
        blocks = (block for block in blocks if len(block.lines) or block.broken)
        first = next(blocks, None)
        if first is None:
            return
        names = _header(first, contract, dialect)
        blocks = chain([first.after_first()], blocks)
    for block in blocks:
        yield partial(_parse, block, names, dialect)


def _header(block: Block, contract: Contract, dialect: _Dialect) -> list[str]:
    """Return the names of the columns; an empty or repeated name gets its position.

    Raises:
        UnreadableError: the header is malformed, has no column of the contract, or has one more than once.
    """
    if block.broken and (not len(block.lines) or block.broken[0].row < block.lines[0]):
        broken = block.broken[0]
        raise UnreadableError(f"header: {broken.reason}", row=broken.row, text=broken.text)
    text, row = block.text(0), int(block.lines[0])
    count = _table(text.encode(), 1, dialect).field_counts.get(0, 1)
    if count > MAX_COLUMNS:
        raise UnreadableError(f"header: {count} columns are more than {MAX_COLUMNS}", row=row)
    table = _table(text.encode(), count, dialect).table
    names = [column[0].as_py().strip() for column in table.columns]
    expected = [column.source_name for column in contract.columns]
    if not set(expected) & set(names):
        header = dialect.delimiter.join(expected)
        raise UnreadableError(f"expected the header {show(header)}, found {show(text)}", row=row, text=text)
    counts = Counter(names)
    for name in expected:
        if counts[name] > 1:
            raise UnreadableError(f"header: column {name!r} occurs {counts[name]} times", row=row, text=text)
    return [name if counts[name] == 1 and name else _with_position(i, names) for i, name in enumerate(names)]


def _with_position(i: int, names: list[str]) -> str:
    name = f"{names[i]}#{i + 1}"
    while name in names:
        name += "#"
    return name


def _parse(block: Block, names: list[str], dialect: _Dialect) -> Chunk:
    table, field_counts = _table(block.data, len(names), dialect)
    fields = "field" if len(names) == 1 else "fields"
    broken = [
        Broken(row=int(block.lines[i]), text=block.text(i), reason=f"expected {len(names)} {fields}, found {count}")
        for i, count in field_counts.items()
    ]
    positions = np.delete(np.arange(len(block.lines)), list(field_counts))
    return Chunk(
        columns={
            name: _nulls_for_empty(column.combine_chunks()) for name, column in zip(names, table.columns, strict=True)
        },
        rows=pa.array(block.lines[positions]),
        original=lambda position: block.text(positions[position]),
        broken=block.broken + broken,
    )


def _table(data: bytes | memoryview, columns: int, dialect: _Dialect) -> _Parsed:
    """Parse well-formed records."""
    field_counts: dict[int, int] = {}

    def skip(row: arrow_csv.InvalidRow) -> str:
        field_counts[row.number - 1] = row.actual_columns
        return "skip"

    if not data or data[: len(BOM_UTF8)] == BOM_UTF8:
        # Arrow refuses an empty block and drops a byte order mark at the start. It ignores the empty line added here.
        data = b"\n" + bytes(data)
    names = [str(i) for i in range(columns)]
    table = arrow_csv.read_csv(
        pa.py_buffer(data),
        arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=True,
            invalid_row_handler=skip,
        ),
        # The block is known to be UTF-8, and it is faster to find the empty fields afterwards.
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), check_utf8=False, strings_can_be_null=False
        ),
    )
    return _Parsed(table, field_counts)


def _nulls_for_empty(texts: pa.Array) -> pa.Array:
    lengths = pc.binary_length(texts)
    return pc.if_else(pc.equal(lengths, 0), None, texts) if pc.min(lengths).as_py() == 0 else texts
