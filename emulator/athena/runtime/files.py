"""S3 for DuckDB: a file system of one statement that counts the bytes that are read."""

import math
import os
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pyarrow.fs
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

from emulator.athena.runtime.errors import CancelledError, cancelled, timeout

BYTES_LIMIT = "Bytes scanned limit was exceeded"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Scan:
    """The bytes that a statement has read, and whether it may continue.

    Args:
        limit: bytes that the workgroup allows a statement to read, or None.
        seconds: the time that the statement has.
    """

    def __init__(self, *, limit: int | None, seconds: float = math.inf) -> None:
        self.bytes = 0
        self.limit = limit
        self._deadline = time.monotonic() + seconds
        self._cancelled = False
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Cancel the statement on behalf of its user."""
        self._cancelled = True

    def count(self, size: int) -> None:
        """Count bytes that were read.

        Raises:
            CancelledError: the limit is exceeded, or the statement was stopped.
            AthenaError: the statement has run too long.
        """
        with self._lock:
            self.bytes += size
        self.check()

    def check(self) -> None:
        """Raise if the statement must not continue, as `count` does."""
        if self.limit is not None and self.bytes > self.limit:
            raise CancelledError(BYTES_LIMIT)
        if self._cancelled:
            raise cancelled()
        if time.monotonic() > self._deadline:
            raise timeout()


class _File:
    """A random-access S3 object whose handle DuckDB shares between its threads.

    For random access, several threads seek and read at the same time: each must read at the position that it has sought
    itself. For sequential access (compressed files), one thread at a time continues where the previous read ended, also
    if that was a read of another thread.
    """

    def __init__(self, stream: pyarrow.NativeFile, scan: Scan, *, place: str) -> None:
        self._stream, self._scan, self._place = stream, scan, place
        self._position = 0
        self._sequential_reads = 0  # a position that a thread sought before one of these is no longer valid
        self._thread = threading.local()

    def read(self, size: int = -1) -> bytes:
        position = self.tell()
        if self._sought() is None:
            self._sequential_reads += 1
        self._thread.sought = None
        try:
            data: bytes = self._stream.read_at(size if size >= 0 else self._stream.size() - position, position)
        except OSError as error:
            bucket, _, key = self._place.partition("/")
            raise OSError(f"When reading key '{key}' in bucket '{bucket}': {error}") from error
        self._position = position + len(data)
        self._scan.count(len(data))
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._stream.size()}[whence]
        position = int(start + offset)
        self._position, self._thread.sought = position, (position, self._sequential_reads)
        return position

    def tell(self) -> int:
        sought = self._sought()
        return self._position if sought is None else sought

    def _sought(self) -> int | None:
        """Return the position that this thread has sought, or None if it has none or a sequential read followed."""
        sought: tuple[int, int] | None = getattr(self._thread, "sought", None)
        return sought[0] if sought is not None and sought[1] == self._sequential_reads else None

    def close(self) -> None:
        self._stream.close()


class ScannedFiles(AbstractFileSystem):  # type: ignore[misc]
    """A read-only view of S3 under a protocol of its own, so that the bytes of each statement are counted apart.

    Args:
        files: S3.
        scan: counter of the statement.
        protocol: scheme of the paths: `PROTOCOL://bucket/key`.
    """

    cachable = False

    def __init__(self, files: pyarrow.fs.S3FileSystem, *, scan: Scan, protocol: str) -> None:
        super().__init__()
        self.protocol = protocol
        self._files, self._scan = files, scan
        self._sizes: dict[str, int] = {}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.partition("://")[2] or path

    def path(self, uri: str, *, size: int | None = None) -> str:
        """Return the path of an S3 URI in this file system; a known size saves a request."""
        path = f"{self.protocol}://{uri.partition('://')[2]}"
        if size is not None:
            self._sizes[path] = size
        return path

    def open(self, path: str, mode: str = "rb", **_: Any) -> _File:
        self._scan.check()
        place = self._strip_protocol(path)
        return _File(self._files.open_input_file(place), self._scan, place=place)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        if path not in self._sizes:
            info = self._files.get_file_info(self._strip_protocol(path))
            if info.type is not pyarrow.fs.FileType.File:
                raise FileNotFoundError(f"s3://{self._strip_protocol(path)}")
            self._sizes[path] = info.size
        return {"name": path, "size": self._sizes[path], "type": "file"}

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path]

    def exists(self, path: str, **_: Any) -> bool:
        return path in self._sizes or self._files.get_file_info(self._strip_protocol(path)).is_file

    def modified(self, path: str) -> datetime:
        # Objects do not change for a statement: it reads the version that it finds first.
        return _NEVER
