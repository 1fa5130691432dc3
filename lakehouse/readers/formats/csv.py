"""Read CSV: Arrow's parser on blocks whose records are known to be well-formed, so that it cannot misread any.

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
    """Records of the right number of fields; by position, how many the others have."""

    table: pa.Table
    wrong: dict[int, int]


def read(file: IO[bytes], contract: Contract) -> Iterator[Callable[[], Chunk]]:
    """Yield the records of a CSV file in chunks that are still to be parsed, which can be done in parallel.

    Args:
        file: UTF-8 text, as `content.utf8` makes it.
        contract: says the dialect, and the columns when the file has no header.

    Raises:
        UnreadableError: the header is malformed, or is none.
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
    """Names of the columns; those that a contract cannot mean, because they are empty or repeated, by their place."""
    if block.broken and (not len(block.lines) or block.broken[0].row < block.lines[0]):
        fault = block.broken[0]
        raise UnreadableError(f"header: {fault.reason}", row=fault.row, text=fault.text)
    text, row = block.text(0), int(block.lines[0])
    count = _table(text.encode(), 1, dialect).wrong.get(0, 1)
    if count > MAX_COLUMNS:
        raise UnreadableError(f"header: {count} columns are more than {MAX_COLUMNS}", row=row)
    table = _table(text.encode(), count, dialect).table
    names = [column[0].as_py().strip() for column in table.columns]
    known = {column.source_name for column in contract.columns}
    if not known & set(names):
        expected = dialect.delimiter.join(column.source_name for column in contract.columns)
        raise UnreadableError(f"expected the header {show(expected)}, found {show(text)}", row=row, text=text)
    times = Counter(names)
    for name in known:
        if times[name] > 1:
            raise UnreadableError(f"header: column {name!r} is there {times[name]} times", row=row, text=text)
    return [name if times[name] == 1 and name else _by_place(i, names) for i, name in enumerate(names)]


def _by_place(i: int, names: list[str]) -> str:
    name = f"{names[i]}#{i + 1}"
    while name in names:
        name += "#"
    return name


def _parse(block: Block, names: list[str], dialect: _Dialect) -> Chunk:
    table, wrong = _table(block.data, len(names), dialect)
    fields = "field" if len(names) == 1 else "fields"
    broken = [
        Broken(row=int(block.lines[i]), text=block.text(i), reason=f"expected {len(names)} {fields}, found {count}")
        for i, count in wrong.items()
    ]
    kept = np.delete(np.arange(len(block.lines)), list(wrong))
    return Chunk(
        columns={
            name: _nulls_for_empty(column.combine_chunks()) for name, column in zip(names, table.columns, strict=True)
        },
        rows=pa.array(block.lines[kept]),
        original=lambda position: block.text(kept[position]),
        broken=block.broken + broken,
    )


def _table(data: bytes | memoryview, columns: int, dialect: _Dialect) -> _Parsed:
    """Parse well-formed records."""
    wrong: dict[int, int] = {}

    def note(row: arrow_csv.InvalidRow) -> str:
        wrong[row.number - 1] = row.actual_columns
        return "skip"

    if not data or data[: len(BOM_UTF8)] == BOM_UTF8:
        # An empty line, which is none to Arrow: it refuses an empty block, and takes a mark at its start for no text.
        data = b"\n" + bytes(data)
    names = [str(i) for i in range(columns)]
    table = arrow_csv.read_csv(
        pa.py_buffer(data),
        arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=True,
            invalid_row_handler=note,
        ),
        # The block is UTF-8, and to find the empty fields afterwards is faster.
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), check_utf8=False, strings_can_be_null=False
        ),
    )
    return _Parsed(table, wrong)


def _nulls_for_empty(texts: pa.Array) -> pa.Array:
    lengths = pc.binary_length(texts)
    return pc.if_else(pc.equal(lengths, 0), None, texts) if pc.min(lengths).as_py() == 0 else texts
