"""A batch of transactions, as files that grow on disk until they are sent to S3; one or more for each table."""

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

from emulator.replicator.files import GrowingFile, Layout, Record
from emulator.replicator.settings import Target
from emulator.replicator.target import Bucket

PENDING_BYTES = 64 * 1024 * 1024
"""Size of the rows of all tables that are kept in memory before they are written to disk."""


class Batch:
    """Changes since the last upload. Rows of a table are in order within a file, and files in order of their names.

    Attributes:
        pending_bytes: approximate size of the rows in memory.
        counts: for each table, its rows by operation.
        failed: tables that can no longer be read, and the reason.
    """

    def __init__(self, folder: Path, target: Target) -> None:
        """Start an empty batch.

        Args:
            folder: folder of the files; emptied first.
            target: format of the files.
        """
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._target = target
        self._files: list[tuple[str, str, date, GrowingFile]] = []
        self._open: dict[str, tuple[date, GrowingFile]] = {}
        self.pending_bytes = 0
        self.counts: dict[str, Counter[str]] = {}
        self.failed: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._files or self.failed)

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for _, _, _, file in self._files)

    def add(self, schema: str, table: str, layout: Layout, record: Record, *, committed: date) -> None:
        """Add one row of a table."""
        day, file = self._open.get(layout.table, (None, None))
        if file is None or day != committed or file.layout is not layout:
            file = self._start_file(schema, table, layout, committed)
        before = file.pending_bytes
        file.add(record)
        self.pending_bytes += file.pending_bytes - before
        self.counts.setdefault(layout.table, Counter())[record.operation] += 1
        if file.reaches(self._target.max_file_bytes):
            del self._open[layout.table]
        if self.pending_bytes >= PENDING_BYTES:
            self._write()

    def upload(self, bucket: Bucket) -> None:
        """Complete the files and send them to S3, in order."""
        for _, _, _, file in self._files:
            file.close()
        for schema, table, committed, file in self._files:
            for part in file.parts:
                bucket.upload(part.path, bucket.change_key(schema, table, committed=committed))

    def _start_file(self, schema: str, table: str, layout: Layout, committed: date) -> GrowingFile:
        """Start a file; the file before it gets no more rows, so that a table's rows stay in order."""
        if layout.table in self._open:
            self._write()
        file = GrowingFile(self._folder / f"{len(self._files):06d}.parquet", layout, gzip=self._target.gzip)
        self._open[layout.table] = committed, file
        self._files.append((schema, table, committed, file))
        return file

    def _write(self) -> None:
        self.pending_bytes = 0
        for _, file in self._open.values():
            file.write()

    def fail(self, table: str, error: Exception) -> None:
        """Record that a table cannot be read, and why."""
        self.failed.setdefault(table, str(error))
