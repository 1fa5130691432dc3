"""Locks on files. The kernel releases a lock when its process ends, also after a crash, so no lock is ever stale."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

TAKE_SECONDS = 5


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a file's lock for the duration of a block; wait until no other process holds it."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def take(path: Path) -> IO[str]:
    """Hold a file's lock until the returned file is closed or this process ends; write this process's pid to the file.

    Raises:
        SystemExit: another process holds the lock.
    """
    lock = path.open("a+")
    deadline = time.monotonic() + TAKE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # `holder` takes a shared lock for a moment; the process that `take`s the lock keeps it.
            if time.monotonic() > deadline:
                raise SystemExit(f"process {path.read_text()} holds {path}") from None
            time.sleep(0.01)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def holder(path: Path) -> int | None:
    """Return the pid of the process that holds a file's lock, or None."""
    with contextlib.suppress(FileNotFoundError), path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None
