"""Replicators as the server that starts them sees them: processes, and what they say of their progress."""

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

log = logging.getLogger("lakehouse")

END_S = 15.0
ENDED = ("stopped", "failed")


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a replication; `status` is `starting`, `running`, `stopping`, `stopped` or `failed`."""

    status: str
    state: State
    error: str | None


class Supervisor:
    """Starts, stops and watches one process a replication.

    A process reads its task from its standard input and ends when that does: it never outlives this one.
    """

    def __init__(self, root: Path) -> None:
        """Args: root: folder of the server; replications work in `dms/` and log to `logs/` of it."""
        self._root = root
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping: set[str] = set()

    def start(self, name: str, document: Mapping[str, Any], *, environment: Mapping[str, str]) -> None:
        """Start a replicator.

        Args:
            name: path of its folder below `dms/`.
            document: its task, see `emulator.replicator.task.parse`.
            environment: all of its environment variables.
        """
        load(self.folder(name)).begin()
        self._spawn(name, document, environment)

    def remove(self, name: str, document: Mapping[str, Any], *, environment: Mapping[str, str]) -> None:
        """Forget what a replication did, and start a process that leaves nothing of it in its source either.

        Args:
            name: path of its folder below `dms/`.
            document: its task, with the action `remove`.
            environment: all of the process's environment variables.
        """
        shutil.rmtree(self.folder(name), ignore_errors=True)
        self._spawn(name, document, environment)

    def stop(self, name: str) -> None:
        """Tell a replicator to bring to S3 what it has and to end; does not wait for it."""
        self._stopping.add(name)
        self._processes[name].send_signal(signal.SIGTERM)

    def stop_all(self) -> None:
        """End every replicator, by force if it does not end by itself."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            self._end(process)

    def runs(self, name: str) -> bool:
        """Whether a replicator works; one that has failed or is done may take a moment to end."""
        process = self._processes.get(name)
        return process is not None and process.poll() is None and load(self.folder(name)).status not in ENDED

    def progress(self, name: str) -> Progress:
        """What is known of a replication that was started once."""
        state = load(self.folder(name))
        process = self._processes.get(name)
        code = process.poll() if process is not None else 0
        if code is None:
            return Progress("stopping" if name in self._stopping else state.status, state, state.error)
        if state.status in ENDED:
            return Progress(state.status, state, state.error)
        return Progress("failed", state, f"the replicator ended with exit code {code}; see {self.log_file(name)}")

    def folder(self, name: str) -> Path:
        return self._root / "dms" / name

    def log_file(self, name: str) -> Path:
        file = self._root / "logs" / f"dms-{name.replace('/', '-')}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _spawn(self, name: str, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        before = self._processes.get(name)
        if before is not None:
            self._end(before)
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
