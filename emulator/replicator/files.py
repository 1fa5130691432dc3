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
    """A table's value or columns that Parquet can't hold as DMS would write them."""


class Record(NamedTuple):
    """One row of a file. `written` is the text of the timestamp column, `sequence` that of the change sequence."""

    operation: str
    values: Sequence[Text]
    written: str
    sequence: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of a table's files: the operation, the table's own, the timestamp, the change sequence."""

    table: str
    columns: tuple[tuple[str, ColumnType], ...]
    operation: bool
    timestamp: str | None
    sequence: str | None

    @property
    def schema(self) -> pa.Schema:
        """Raises `UnwritableError` if a column of the table has the name of one that DMS adds."""
        fields = [(name, kind.arrow) for name, kind in self.columns]
        if self.operation:
            fields.insert(0, (OPERATION, pa.string()))
        fields += [(name, pa.string()) for name in (self.timestamp, self.sequence) if name]
        names = [name for name, _ in fields]
        if twice := {name for name in names if names.count(name) > 1}:
            raise UnwritableError(f"{self.table} has columns with the names of those that DMS adds: {sorted(twice)}")
        return pa.schema(fields)

    def arrays(self, records: Sequence[Record]) -> list[pa.Array]:
        """Raises `UnwritableError` for a value that its column's type can't hold."""
        arrays = []
        if self.operation:
            arrays.append(pa.array([record.operation for record in records], pa.string()))
        by_column = zip(*(record.values for record in records), strict=True)
        for (name, kind), values in zip(self.columns, by_column, strict=True):
            try:
                arrays.append(kind.array(values))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError) as error:
                raise UnwritableError(f"{self.table}.{name} can't be written as {kind.arrow}: {error}") from error
        if self.timestamp:
            arrays.append(pa.array([record.written for record in records], pa.string()))
        if self.sequence:
            arrays.append(pa.array([record.sequence for record in records], pa.string()))
        return arrays


class GrowingFile:
    """A Parquet file under construction."""

    def __init__(self, path: Path, layout: Layout, *, gzip: bool) -> None:
        self.path = path
        self.layout = layout
        self.rows = 0
        """Rows on disk."""
        self.pending_bytes = 0
        self._records: list[Record] = []
        self._schema = layout.schema
        path.parent.mkdir(parents=True, exist_ok=True)
        # Level 1: Arrow's own choice, 9, takes ten times as long and saves 3 %.
        compression: dict[str, Any] = {"compression": "gzip", "compression_level": 1} if gzip else {}
        self._writer = pq.ParquetWriter(path, self._schema, version="2.6", **({"compression": "none"} | compression))

    @property
    def bytes(self) -> int:
        """Size on disk, plus about what is yet to be written."""
        return self.path.stat().st_size + self.pending_bytes

    def reaches(self, size: int) -> bool:
        """Whether a chunk was just written, and the file has so many bytes with it."""
        return self.pending_bytes == 0 and self.bytes >= size

    def add(self, record: Record) -> None:
        """Take a row; raises `UnwritableError` for one of the rows taken since the last chunk."""
        self._records.append(record)
        self.pending_bytes += 64 + sum(len(value) for value in record.values if value is not None)
        if len(self._records) >= CHUNK_ROWS or self.pending_bytes >= CHUNK_BYTES:
            self.write()

    def write(self) -> None:
        """Write what is pending to disk, or forget it and raise `UnwritableError`."""
        records, self._records, self.pending_bytes = self._records, [], 0
        if records:
            self._writer.write_batch(pa.RecordBatch.from_arrays(self.layout.arrays(records), schema=self._schema))
            self.rows += len(records)

    def close(self) -> None:
        """Write what is pending and the footer."""
        try:
            self.write()
        finally:
            self._writer.close()
