"""The processes that run statements: started when needed, kept for later statements, killed if they must be.

A process is forked from a template that has imported the engine (multiprocessing's fork server), in some milliseconds.
"""

import multiprocessing
import shutil
import threading
import time
from multiprocessing import forkserver

import psutil

from emulator.athena.api.statement_process import CANCEL, GRACE_SECONDS, Json, Task, ended_by, serve
from emulator.athena.runtime.errors import AthenaError, CancelledError, cancelled, exhausted, timeout
from emulator.athena.runtime.run import memory_bytes

POLL_SECONDS = 0.1
HANG_SECONDS = 2 * GRACE_SECONDS
"""The time after which a process that does not end its statement itself is killed."""
BASE_BYTES = 512 * 2**20
"""Memory of a process beyond DuckDB's limit: the imported engine and Arrow batches. An idle process has no more."""

_context = multiprocessing.get_context("forkserver")


class StatementProcess:
    """A process that runs one statement at a time; it dies with its server."""

    def __init__(self) -> None:
        self._connection, theirs = _context.Pipe()
        self._process = _context.Process(target=serve, args=[theirs], name="athena", daemon=True)
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    @property
    def resident(self) -> int:
        """Bytes of resident memory; 0 after its end."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def run(self, task: Task, *, stop: threading.Event) -> Json:
        """Run a statement, and return the members of its execution that it changed.

        Args:
            task: the statement.
            stop: set when the statement shall be cancelled.
        """
        try:
            self._connection.send(task)
            error = self._wait(task, stop)
            if error is None:
                members, lives = self._connection.recv()
                if not lives:
                    self.kill()
                return dict(members)
        except (EOFError, OSError):
            error = AthenaError("GENERIC_INTERNAL_ERROR", self._last_words())
        self.kill()
        return {"Status": ended_by(error)}

    def _wait(self, task: Task, stop: threading.Event) -> AthenaError | CancelledError | None:
        """Wait until the process has an answer, or return why it gets no more time or memory."""
        most = memory_bytes() + BASE_BYTES
        end = time.monotonic() + task.seconds + HANG_SECONDS
        error: AthenaError | CancelledError = timeout()
        while not self._connection.poll(POLL_SECONDS):
            if stop.is_set() and isinstance(error, AthenaError):
                self._connection.send(CANCEL)
                error = cancelled()
                end = time.monotonic() + HANG_SECONDS
            if time.monotonic() > end:
                return error
            if self.resident > most:
                return exhausted()
        return None

    def _last_words(self) -> str:
        self._process.join(HANG_SECONDS)
        return (
            f"the process of the statement ended with exit code {self._process.exitcode}: the server's log may say why"
        )

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()
        self._connection.close()


class ProcessPool:
    """The processes of one account and region."""

    def __init__(self) -> None:
        _context.set_forkserver_preload([serve.__module__])
        forkserver.ensure_running()  # it imports the engine while the server goes on
        self._idle: list[StatementProcess] = []
        self._lock = threading.Lock()

    def run(self, task: Task, *, stop: threading.Event) -> Json:
        """Run a statement in a process that is idle or new; see `StatementProcess.run`."""
        process = self._take()
        try:
            return process.run(task, stop=stop)
        finally:
            shutil.rmtree(task.context.folder, ignore_errors=True)  # a killed process leaves it
            self._put_back(process)

    def _take(self) -> StatementProcess:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.alive:
                    return process
        return StatementProcess()

    def _put_back(self, process: StatementProcess) -> None:
        if not process.alive:
            return
        if process.resident > BASE_BYTES:  # a statement gives its memory back at its end
            process.kill()
            return
        with self._lock:
            self._idle.append(process)

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            for process in self._idle:
                process.kill()
            self._idle.clear()
