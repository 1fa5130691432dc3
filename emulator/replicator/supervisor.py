"""The supervisor of replicators in the server: it starts and stops their processes and reads their progress."""

import contextlib
import json
import logging
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.replicator.state import State, load

log = logging.getLogger(__name__)

END_S = 15.0
REMOVAL_S = 60.0
ENDED = ("stopped", "failed")


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a replication.

    Attributes:
        status: `starting`, `running`, `stopping`, `stopped` or `failed`.
        state: its state on disk.
        error: why it failed; None if it did not.
    """

    status: str
    state: State
    error: str | None


class Supervisor:
    """The processes of replications, one for each.

    A process reads its task from its standard input and ends when the input ends, so it ends with the server.
    """

    def __init__(self, root: Path) -> None:
        """Supervise no process yet.

        Args:
            root: folder of the server; replications work in its `dms/` and log to its `logs/`.
        """
        self._root = root
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping: set[str] = set()

    def start(self, name: str, document: Mapping[str, Any], *, environment: Mapping[str, str]) -> None:
        """Start a replicator.

        Args:
            name: path of its folder in `dms/`.
            document: its task, see `emulator.replicator.task.parse`.
            environment: its complete environment.
        """
        load(self.folder(name)).begin()
        self._spawn(name, document, environment)

    def remove(self, name: str, document: Mapping[str, Any], *, environment: Mapping[str, str]) -> None:
        """Delete the state of a replication, and start a process that removes slot and publications from its source.

        Args:
            name: path of its folder in `dms/`.
            document: its task, with the action `remove`.
            environment: complete environment of the process.
        """
        shutil.rmtree(self.folder(name), ignore_errors=True)
        self._spawn(name, document, environment)

    def wait_until_removed(self, name: str) -> None:
        """Wait until the process that `remove` started has ended; stop to wait after a minute."""
        if name in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._processes[name].wait(REMOVAL_S)

    def stop(self, name: str) -> None:
        """Request that a replicator uploads its changes and ends; do not wait for it."""
        self._stopping.add(name)
        self._processes[name].send_signal(signal.SIGTERM)

    def stop_all(self) -> None:
        """Stop every replicator; kill those that do not end."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            self._end(process)

    def runs(self, name: str) -> bool:
        """Return whether a replicator works; one that has failed or is done may take a moment to end."""
        process = self._processes.get(name)
        return process is not None and process.poll() is None and load(self.folder(name)).status not in ENDED

    def progress(self, name: str) -> Progress:
        """Return the progress of a replication that has been started."""
        state = load(self.folder(name))
        process = self._processes.get(name)
        code = process.poll() if process is not None else 0
        if code is None:
            return Progress("stopping" if name in self._stopping else state.status, state, state.error)
        if state.status in ENDED:
            return Progress(state.status, state, state.error)
        return Progress("failed", state, f"the replicator ended with exit code {code}; see {self.log_file(name)}")

    def folder(self, name: str) -> Path:
        """Return the folder of a replication's state and files."""
        return self._root / "dms" / name

    def log_file(self, name: str) -> Path:
        """Return the path of a replication's log."""
        file = self._root / "logs" / f"dms-{name.replace('/', '-')}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _spawn(self, name: str, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        previous = self._processes.get(name)
        if previous is not None:
            self._end(previous)
        self._stopping.discard(name)
        with self.log_file(name).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "emulator.replicator", str(self.folder(name))],
                env=dict(environment),
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        assert process.stdin is not None
        process.stdin.write(json.dumps(document).encode() + b"\n")
        process.stdin.flush()
        self._processes[name] = process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            log.warning("replicator %s did not end within %.0f s and was killed", process.pid, END_S)
            process.kill()
            process.wait()
