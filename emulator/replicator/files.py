"""Parquet files that grow on disk row by row, in bounded memory, until they are sent to S3."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from emulator.replicator.arrow_types import ColumnType, Text
from emulator.replicator.s3_format import OPERATION

CHUNK_ROWS = 10_000
CHUNK_BYTES = 8 * 1024 * 1024


class UnwritableError(Exception):
    """A value or columns of a table that cannot be written to Parquet as DMS would write them."""


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
    """

    table: str
    columns: tuple[tuple[str, ColumnType], ...]
    operation: bool
    timestamp: str | None
    sequence: str | None

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema; raises `UnwritableError` if a column of the table has the name of one that DMS adds."""
        fields = [(name, kind.arrow) for name, kind in self.columns]
        if self.operation:
            fields.insert(0, (OPERATION, pa.string()))
        fields += [(name, pa.string()) for name in (self.timestamp, self.sequence) if name]
        names = [name for name, _ in fields]
        if duplicates := {name for name in names if names.count(name) > 1}:
            raise UnwritableError(f"{self.table} has columns with names of columns that DMS adds: {sorted(duplicates)}")
        return pa.schema(fields)

    def arrays(self, records: Sequence[Record]) -> list[pa.Array]:
        """Return the columns of records; raise `UnwritableError` for a value that its type cannot represent."""
        arrays = []
        if self.operation:
            arrays.append(pa.array([record.operation for record in records], pa.string()))
        by_column = zip(*(record.values for record in records), strict=True)
        for (name, kind), values in zip(self.columns, by_column, strict=True):
            try:
                arrays.append(kind.array(values))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError) as error:
                raise UnwritableError(f"{self.table}.{name} cannot be written as {kind.arrow}: {error}") from error
        if self.timestamp:
            arrays.append(pa.array([record.written for record in records], pa.string()))
        if self.sequence:
            arrays.append(pa.array([record.sequence for record in records], pa.string()))
        return arrays


class GrowingFile:
    """A Parquet file that is being written.

    Attributes:
        path: path of the file.
        layout: its columns.
        rows: number of rows on disk.
        pending_bytes: approximate size of the rows in memory.
    """

    def __init__(self, path: Path, layout: Layout, *, gzip: bool) -> None:
        self.path = path
        self.layout = layout
        self.rows = 0
        self.pending_bytes = 0
        self._records: list[Record] = []
        self._schema = layout.schema
        path.parent.mkdir(parents=True, exist_ok=True)
        # Level 1, because Arrow's default of 9 takes ten times as long and saves 3 %.
        compression: dict[str, Any] = {"compression": "gzip", "compression_level": 1} if gzip else {}
        self._writer = pq.ParquetWriter(path, self._schema, version="2.6", **({"compression": "none"} | compression))

    @property
    def bytes(self) -> int:
        """Size on disk, plus the approximate size of the rows in memory."""
        return self.path.stat().st_size + self.pending_bytes

    def reaches(self, size: int) -> bool:
        """Return whether a chunk was just written and the file has at least this size."""
        return self.pending_bytes == 0 and self.bytes >= size

    def add(self, record: Record) -> None:
        """Add a row; raise `UnwritableError` for one of the rows since the last chunk."""
        self._records.append(record)
        self.pending_bytes += 64 + sum(len(value) for value in record.values if value is not None)
        if len(self._records) >= CHUNK_ROWS or self.pending_bytes >= CHUNK_BYTES:
            self.write()

    def write(self) -> None:
        """Write the rows in memory to disk, or discard them and raise `UnwritableError`."""
        records, self._records, self.pending_bytes = self._records, [], 0
        if records:
            self._writer.write_batch(pa.RecordBatch.from_arrays(self.layout.arrays(records), schema=self._schema))
            self.rows += len(records)

    def close(self) -> None:
        """Write the rows in memory and the footer."""
        try:
            self.write()
        finally:
            self._writer.close()
