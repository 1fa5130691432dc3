"""Parquet files that grow on disk row by row, in bounded memory, until they are sent to S3.

A row with a value that its Parquet type cannot represent goes to a second file, in which all columns are text: its
reader rejects this row and shows it, instead of the table being suspended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from emulator.replicator.arrow_types import UNFIT, ColumnType, Text
from emulator.replicator.settings import OPERATION

CHUNK_ROWS = 10_000
CHUNK_BYTES = 8 * 1024 * 1024


class Record(NamedTuple):
    """One row of a file.

    Attributes:
        operation: `I`, `U` or `D`.
        values: values of the table's columns.
        written: text of the timestamp column.
        sequence: text of the change sequence; None in a full load.
    """

    operation: str
    values: Sequence[Text]
    written: str
    sequence: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of a table's files.

    Attributes:
        table: full name of the table.
        columns: names and types of the table's columns.
        operation: whether files have the column `Op`.
        timestamp: name of the timestamp column; None for none.
        sequence: name of the column of the change sequence; None for none.
        texts: whether the table's columns are text, for rows with a value that its type cannot represent.
    """

    table: str
    columns: tuple[tuple[str, ColumnType], ...]
    operation: bool
    timestamp: str | None
    sequence: str | None
    texts: bool = False

    @property
    def added(self) -> tuple[str, ...]:
        """Names of the columns that DMS adds."""
        names = (OPERATION if self.operation else None, self.timestamp, self.sequence)
        return tuple(name for name in names if name)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema; it has a column of the table only once if it has the name of one that DMS adds."""
        own = [
            (name, pa.string() if self.texts else kind.arrow) for name, kind in self.columns if name not in self.added
        ]
        added = [(name, pa.string()) for name in self.added]
        first = 1 if self.operation else 0
        return pa.schema([*added[:first], *own, *added[first:]])

    def unfit(self, records: Sequence[Record]) -> set[int]:
        """Return the positions of records with a value that its type cannot represent."""
        return {
            position
            for (name, kind), values in zip(self.columns, _by_column(records, len(self.columns)), strict=True)
            if name not in self.added
            for position in kind.unfit(values)
        }

    def arrays(self, records: Sequence[Record]) -> list[pa.Array]:
        """Return the columns of records in the order of the schema.

        Raises:
            UNFIT: a value that its type cannot represent, unless the columns are text.
        """
        arrays = {
            OPERATION: pa.array([record.operation for record in records], pa.string()),
            self.timestamp: pa.array([record.written for record in records], pa.string()),
            self.sequence: pa.array([record.sequence for record in records], pa.string()),
        }
        for (name, kind), values in zip(self.columns, _by_column(records, len(self.columns)), strict=True):
            if name in self.added:
                arrays[name] = _both(name, arrays[name], values)
            else:
                arrays[name] = kind.as_text(values) if self.texts else kind.array(values)
        return [arrays[name] for name in self.schema.names]


def _by_column(records: Sequence[Record], count: int) -> list[tuple[Text, ...]]:
    return list(zip(*(record.values for record in records), strict=True)) if records else [()] * count


def _both(name: str, added: pa.Array, values: Sequence[Text]) -> pa.Array:
    """Return what DMS adds under a name, with the table's own value: no reader can take it for one of the two."""
    own = (value.decode(errors="backslashreplace") if isinstance(value, bytes) else value for value in values)
    pairs = zip(added.to_pylist(), own, strict=True)
    return pa.array([f"{first}; the table's own column {name} is {second!r}" for first, second in pairs], pa.string())


class GrowingFile:
    """A Parquet file that is being written.

    Attributes:
        path: path of the file.
        layout: its columns.
        rows: number of rows on disk.
        pending_bytes: approximate size of the rows in memory.
        texts: the file of rows with a value that its type cannot represent; None if there is no such row.
    """

    def __init__(self, path: Path, layout: Layout, *, gzip: bool) -> None:
        self.path = path
        self.layout = layout
        self.rows = 0
        self.pending_bytes = 0
        self._records: list[Record] = []
        self.texts: GrowingFile | None = None
        self._gzip = gzip
        self._schema = layout.schema
        path.parent.mkdir(parents=True, exist_ok=True)
        # Level 1, because Arrow's default of 9 takes ten times as long and saves 3 %.
        compression: dict[str, Any] = {"compression": "gzip", "compression_level": 1} if gzip else {}
        self._writer = pq.ParquetWriter(path, self._schema, version="2.6", **({"compression": "none"} | compression))

    @property
    def parts(self) -> list["GrowingFile"]:
        """The files that have rows: itself, and the one of texts."""
        return [part for part in (self, self.texts) if part and part.rows]

    @property
    def bytes(self) -> int:
        """Size on disk, plus the approximate size of the rows in memory."""
        return self.path.stat().st_size + self.pending_bytes + (self.texts.bytes if self.texts else 0)

    def reaches(self, size: int) -> bool:
        """Return whether a chunk was just written and the file has at least this size."""
        return self.pending_bytes == 0 and self.bytes >= size

    def add(self, record: Record) -> None:
        """Add a row."""
        self._records.append(record)
        self.pending_bytes += 64 + sum(len(value) for value in record.values if value is not None)
        if len(self._records) >= CHUNK_ROWS or self.pending_bytes >= CHUNK_BYTES:
            self.write()

    def write(self) -> None:
        """Write the rows in memory to disk."""
        records, self._records, self.pending_bytes = self._records, [], 0
        try:
            arrays = self.layout.arrays(records)
        except UNFIT:
            unfit = self.layout.unfit(records)
            self._write_texts([records[position] for position in sorted(unfit)])
            records = [record for position, record in enumerate(records) if position not in unfit]
            arrays = self.layout.arrays(records)
        if records:
            self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
            self.rows += len(records)

    def _write_texts(self, records: Sequence[Record]) -> None:
        if self.texts is None:
            path = self.path.with_suffix(".texts.parquet")
            self.texts = GrowingFile(path, replace(self.layout, texts=True), gzip=self._gzip)
        for record in records:
            self.texts.add(record)
        self.texts.write()

    def close(self) -> None:
        """Write the rows in memory and the footer."""
        try:
            self.write()
        finally:
            self._writer.close()
            if self.texts is not None:
                self.texts.close()
