"""A batch: whole transactions on their way to S3, as files that grow on disk, one or more a table."""

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

from emulator.replicator.files import GrowingFile, Layout, Record, UnwritableError
from emulator.replicator.settings import Target
from emulator.replicator.target import Bucket

PENDING_BYTES = 64 * 1024 * 1024
"""Rows of all tables together that are held in memory before they are written to disk."""


class Batch:
    """Changes since the last upload. Rows of a table are in order within a file, and files in order of their names."""

    def __init__(self, folder: Path, target: Target) -> None:
        """Args: folder: for the files; emptied first. target: how they are written."""
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._target = target
        self._files: list[tuple[str, str, date, GrowingFile]] = []
        self._open: dict[str, tuple[date, GrowingFile]] = {}
        self.pending_bytes = 0
        """About how much is in memory."""
        self.counts: dict[str, Counter[str]] = {}
        """For each table, its rows by operation."""
        self.failed: dict[str, str] = {}
        """Tables with a value that can't be written, and why."""

    def __bool__(self) -> bool:
        return bool(self._files or self.failed)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for _, _, _, file in self._files)

    def add(self, schema: str, table: str, layout: Layout, record: Record, *, committed: date) -> None:
        """Take one row of a table."""
        day, file = self._open.get(layout.table, (None, None))
        try:
            if file is None or day != committed or file.layout is not layout:
                file = self._begin(schema, table, layout, committed)
            before = file.pending_bytes
            file.add(record)
            self.pending_bytes += file.pending_bytes - before
        except UnwritableError as error:
            self.fail(layout.table, error)
            return
        self.counts.setdefault(layout.table, Counter())[record.operation] += 1
        if file.reaches(self._target.max_file_bytes):
            del self._open[layout.table]
        if self.pending_bytes >= PENDING_BYTES:
            self._write()

    def upload(self, bucket: Bucket) -> None:
        """Complete the files and send them to S3, in order."""
        for _, _, _, file in self._files:
            try:
                file.close()
            except UnwritableError as error:
                self.fail(file.layout.table, error)
        for schema, table, committed, file in self._files:
            if file.rows:
                bucket.upload(file.path, bucket.change_key(schema, table, committed=committed))

    def _begin(self, schema: str, table: str, layout: Layout, committed: date) -> GrowingFile:
        """Begin a file; the one before it takes no rows any more, so that a table's rows stay in order."""
        if layout.table in self._open:
            self._write()
        file = GrowingFile(self._folder / f"{len(self._files):06d}.parquet", layout, gzip=self._target.gzip)
        self._open[layout.table] = committed, file
        self._files.append((schema, table, committed, file))
        return file

    def _write(self) -> None:
        self.pending_bytes = 0
        for _, file in self._open.values():
            try:
                file.write()
            except UnwritableError as error:
                self.fail(file.layout.table, error)

    def fail(self, table: str, error: Exception) -> None:
        """Write no more rows of a table."""
        self.failed.setdefault(table, str(error))
