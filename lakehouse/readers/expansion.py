"""Limit what an object becomes when it is decompressed and decoded: a kilobyte can stand for terabytes."""

import os
from typing import IO

from lakehouse.readers.chunk import UnreadableError

ALWAYS_ALLOWED = 2**30
"""Bytes that an object of any size may become."""

TIMES = 1000
"""Times its size that a larger object may become; deflate reaches 1,032 with zeros, and data rarely 50."""


class Expansion:
    """Counts the bytes that an object became so far."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take the size of a file.

        Args:
            file: seekable; its position stays.
        """
        at = file.tell()
        self._size = file.seek(0, os.SEEK_END)
        file.seek(at)
        self._limit = max(ALWAYS_ALLOWED, TIMES * self._size)
        self._total = 0

    def check(self, total: int) -> None:
        """Refuse an object that becomes `total` bytes, if they are too many.

        Raises:
            UnreadableError: the object expands too much.
        """
        if total > self._limit:
            raise UnreadableError(
                f"its {self._size:,} bytes expand to more than {self._limit:,}: send the records in several objects"
            )

    def add(self, count: int) -> None:
        """Count more bytes; see `check`."""
        self._total += count
        self.check(self._total)
