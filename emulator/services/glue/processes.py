"""Job processes, which the server starts and kills through the launcher."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.runtime import plugin

LAUNCHER = Path(__file__).with_name("launcher.py")
LAUNCHER_DIED = -signal.SIGKILL


@dataclass(slots=True)
class Process:
    """One job process.

    Attributes:
        key: name of the process in messages between server and launcher.
        output: read end of its standard output.
        error: read end of its standard error.
        status: exit code once `ended` is set; negative: the signal that killed it.
        pid: process id; None until the launcher reports it.
        ended: set when the process has ended.
    """

    key: str
    output: int
    error: int
    status: int = 0
    pid: int | None = None
    ended: threading.Event = field(default_factory=threading.Event)


_lock = threading.Lock()
_keys = itertools.count()
_processes: dict[str, Process] = {}
_control: socket.socket | None = None


def warm_up() -> None:
    """Start the launcher if it is not running; its imports take seconds, so call this before the first job starts."""
    with _lock:
        _launcher()


def start(*, script: Path, arguments: list[str], environment: dict[str, str], directory: Path) -> Process:
    """Start a Python script in a process with its own session, environment and working directory."""
    output, output_end = os.pipe()
    error, error_end = os.pipe()
    try:
        with _lock:
            control = _launcher()
            process = Process(str(next(_keys)), output, error)
            _processes[process.key] = process
            request = {
                "start": process.key,
                "script": str(script),
                "arguments": arguments,
                "environment": environment,
                "directory": str(directory),
            }
            data = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(control, [data], [output_end, error_end])
            control.sendall(data[sent:])
    finally:
        os.close(output_end)
        os.close(error_end)
    return process


def kill(process: Process) -> None:
    """Kill a job process and the processes that it started.

    The launcher sends the signal: as the parent, it knows that the pid was not reused.
    """
    with _lock:
        if _control is not None and not process.ended.is_set():
            _send(_control, {"signal": process.key, "number": signal.SIGKILL})


def kill_all() -> None:
    """Kill every job process, and wait until the launcher reports their end."""
    for process in list(_processes.values()):
        kill(process)
        process.ended.wait(timeout=5)


def _launcher() -> socket.socket:
    global _control
    if _control is None:
        ours, theirs = socket.socketpair()
        environment = plugin.inherited_environment()
        # The search path must not contain code of the server: jobs import their code from wheels.
        environment.pop("PYTHONPATH", None)
        # A fork needs a single thread, and these libraries start threads when they are imported.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        launcher = subprocess.Popen(
            [sys.executable, str(LAUNCHER), str(theirs.fileno())],
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        _control = ours
        threading.Thread(target=_listen, args=[ours, launcher], name="launcher", daemon=True).start()
    return _control


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def _listen(control: socket.socket, launcher: subprocess.Popen[bytes]) -> None:
    global _control
    with control.makefile("r") as reports:
        for line in reports:
            report = json.loads(line)
            if "started" in report:
                _processes[report["started"]].pid = report["pid"]
            elif "ended" in report:
                _end(report["ended"], report["status"])
    launcher.wait()
    with _lock:
        _control = None
    for key in list(_processes):
        _end(key, LAUNCHER_DIED)


def _end(key: str, status: int) -> None:
    process = _processes.pop(key)
    process.status = status
    process.ended.set()
