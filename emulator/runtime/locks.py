"""Locks on files. The kernel lets go of a lock however its process dies: a held one is true, none lies around."""

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
    """Wait until no other process is in such a block for the same file, and keep them out meanwhile."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def take(path: Path) -> IO[str]:
    """Hold a file's lock until the returned file is closed or this process ends; the file says this process's pid.

    Raises:
        SystemExit: another process holds it.
    """
    lock = path.open("a+")
    deadline = time.monotonic() + TAKE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            # Whoever asks for the holder has a shared lock for a moment; a holder has its own for good.
            if time.monotonic() > deadline:
                raise SystemExit(f"process {path.read_text()} holds {path}") from None
            time.sleep(0.01)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def holder(path: Path) -> int | None:
    """Pid of the process that holds a file's lock, or None."""
    with contextlib.suppress(FileNotFoundError), path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None
