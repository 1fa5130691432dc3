"""Glue jobs as processes of their own, forked as the embedded Glue forks them, that a test can kill."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
LAUNCHER = REPOSITORY / "emulator" / "services" / "glue" / "launcher.py"
JOB_SECONDS = 240


@dataclass(slots=True, kw_only=True)
class Running:
    """A job process and its output, both streams in one file."""

    output: Path
    pid: int = 0
    status: int = 0
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def kill(self) -> None:
        """SIGKILL to it and all that it started, at once."""
        self.started.wait(JOB_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Exit code; negative: the signal that killed it."""
        if not self.ended.wait(JOB_SECONDS):
            self.kill()
            raise AssertionError(f"a job did not end within {JOB_SECONDS} s; it said:\n{self.said}")
        return self.status

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")


class Launcher:
    """What starts jobs; see `emulator/services/glue/launcher.py` for its protocol."""

    def __init__(self, control: socket.socket, folder: Path) -> None:
        self._control = control
        self._folder = folder
        self._numbers = count(1)
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()

    def start(self, script: Path, arguments: list[str], *, environment: Mapping[str, str]) -> Running:
        with self._lock:
            key = str(next(self._numbers))
            job = self._running[key] = Running(output=self._folder / f"{key}.log")
            request = {
                "start": key,
                "script": str(script),
                "arguments": arguments,
                "environment": {**environment, "PYTHONPATH": str(REPOSITORY)},
                "directory": str(self._folder),
            }
            with job.output.open("wb") as output:
                socket.send_fds(
                    self._control, [json.dumps(request).encode() + b"\n"], [output.fileno(), output.fileno()]
                )
        return job

    def listen(self) -> None:
        with self._control.makefile("r") as reports:
            for line in reports:
                report = json.loads(line)
                if "started" in report:
                    job = self._running[report["started"]]
                    job.pid = report["pid"]
                    job.started.set()
                elif "ended" in report:
                    job = self._running.pop(report["ended"])
                    job.status = report["status"]
                    job.ended.set()


@contextmanager
def launcher(folder: Path) -> Iterator[Launcher]:
    """Run one that keeps the output of its jobs in a folder; jobs that still run are killed at the end."""
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "launcher.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), str(theirs.fileno())],
            # One thread at the time of a fork: these libraries start theirs when they are imported.
            env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            pass_fds=[theirs.fileno()],
            stderr=log,
        )
    theirs.close()
    jobs = Launcher(ours, folder)
    thread = threading.Thread(target=jobs.listen)
    thread.start()
    try:
        yield jobs
    finally:
        ours.shutdown(socket.SHUT_WR)
        process.wait()
        thread.join()
        ours.close()
