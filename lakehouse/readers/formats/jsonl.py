"""Read JSON lines: one object per line, each field in its own column as text."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO

import pyarrow as pa

from lakehouse.contracts.model import Contract, Format
from lakehouse.contracts.types import Kind
from lakehouse.readers.chunk import Broken, Chunk
from lakehouse.readers.events.record import Reason, is_no_record, row_of
from lakehouse.readers.json_text import Nested, Number, load, render, to_json
from lakehouse.readers.records import Block, split
from lakehouse.readers.rows import row_columns
from lakehouse.readers.values import show


def read(file: IO[bytes], contract: Contract) -> Iterator[Callable[[], Chunk]]:
    """Yield functions that parse the records of a JSON lines file in chunks; they can run in parallel.

    Args:
        file: UTF-8 text, from `content.utf8`.
        contract: has the columns.
    """
    for block in split(file, encoding=contract.source.encoding):
        yield partial(_parse, block, contract)


def _parse(block: Block, contract: Contract) -> Chunk:
    values: list[Nested] = []
    rows: list[int] = []
    texts: list[str] = []
    for i, row in enumerate(block.lines.tolist()):
        text = block.text(i)
        # Each event may have a byte order mark of its own; where it stands in a file is chance.
        event = text.lstrip("\ufeff")
        if not event.strip():
            continue
        rows.append(row)
        texts.append(text)
        try:
            values.append(load(event))
        except ValueError as error:
            values.append(error)
    return chunk_of(values, contract, rows=rows, texts=texts, broken=block.broken)


def chunk_of(
    values: Sequence[Nested], contract: Contract, *, rows: Sequence[int], texts: Sequence[str], broken: list[Broken]
) -> Chunk:
    """Return a chunk of JSON values; values that are not records of the contract are broken.

    Args:
        values: the value of each record, or the ValueError that gives the reason why it could not be read.
        contract: has the columns; a field that a record lacks is null.
        rows: line of each value.
        texts: source text of each value.
        broken: records of the same lines that are malformed as text.
    """
    string_columns = [
        column
        for column in row_columns(contract)
        if column.type.kind is Kind.STRING and column.options.format is not Format.JSON
    ]
    names = dict.fromkeys(column.source_name for column in row_columns(contract))
    changes = contract.source.changes
    reasons: dict[int, list[Reason]] = {}
    records: list[dict[str, Nested]] = []
    positions: list[int] = []
    broken = list(broken)
    for i, value in enumerate(values):
        if isinstance(value, ValueError):
            broken.append(Broken(row=rows[i], text=texts[i], reason=f"expected JSON: {value}"))
            continue
        if changes is not None and is_no_record(value, changes):
            continue
        if not isinstance(value, dict):
            reason = f"expected a JSON object, found {show(render(value))}"
            broken.append(Broken(row=rows[i], text=texts[i], reason=reason))
            continue
        of_event: list[Reason] = []
        if changes is not None:
            try:
                value, of_event = row_of(value, contract, changes)
            except ValueError as error:
                broken.append(Broken(row=rows[i], text=texts[i], reason=str(error)))
                continue
        if changes is None and value and value.keys().isdisjoint(names):
            reason = f"expected fields {show(', '.join(names))}, found {show(', '.join(value))}"
            broken.append(Broken(row=rows[i], text=texts[i], reason=reason))
            continue
        for column in string_columns:
            field = value.get(column.source_name)
            if isinstance(field, (dict, list)):
                reason = f"expected string, found {show(render(field))}"
                broken.append(Broken(row=rows[i], text=texts[i], column=column.name, reason=reason))
                break
        else:
            if of_event:
                reasons[len(records)] = of_event
            records.append(value)
            positions.append(i)
    json_names = {column.source_name for column in row_columns(contract) if column.options.format is Format.JSON}
    extras = {
        i: {name: render(value) for name, value in record.items() if name not in names and value is not None}
        for i, record in enumerate(records)
        if record.keys() - names.keys()
    }
    return Chunk(
        columns={name: _column(records, name, is_json=name in json_names) for name in names},
        rows=pa.array([rows[i] for i in positions], type=pa.int64()),
        original=lambda position: texts[positions[position]],
        broken=broken,
        extras=extras,
        typed={
            column.source_name: [i for i, record in enumerate(records) if _is_typed(record.get(column.source_name))]
            for column in contract.columns
            if column.cleansing
        },
        reasons=reasons,
    )


def _is_typed(value: Nested) -> bool:
    return isinstance(value, Number) or not isinstance(value, str | None)


def _column(records: list[dict[str, Nested]], name: str, *, is_json: bool) -> pa.Array:
    """Return the values of a field as text; in a JSON column, a string is JSON in quotes and not read once more."""
    values = [record.get(name) for record in records]
    if is_json:
        return pa.array([None if value is None else to_json(value) for value in values], type=pa.string())
    try:
        return pa.array(values, type=pa.string())  # strings and numbers are text already
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([None if value is None else render(value) for value in values], type=pa.string())
