"""The process that starts Glue jobs: it imports large libraries once and forks each job.

A new interpreter would spend three seconds of CPU on imports; a fork of this process spends none. Each job is still a
process with its own pid, session, environment, working directory and output, and `kill -9` ends it alone. A job imports
its own code from its wheels.

Run as a script, with the file descriptor of a Unix socket as its argument. Requests and reports are lines of JSON:
`{"start": id, "script", "arguments", "environment", "directory"}` (with two descriptors: standard output and error),
`{"signal": id, "number": n}`; `{"started": id, "pid": n}`, `{"ended": id, "status": n}` (negative: killed by a signal).
When the socket is closed, the server has ended, and the launcher kills its jobs.

This file imports no module of the emulator, so that a job has none on its search path.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import traceback
import types
from typing import Any

PRELOADED = (
    "boto3",
    "botocore.session",
    "duckdb",
    "fastavro",
    "open_data_contract_standard.model",
    "pandas",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.fs",
    "pyarrow.parquet",
    "pyiceberg.catalog.glue",
    "pyiceberg.io.pyarrow",
    "pyiceberg.table",
    "pysail.spark",
    "pyspark.sql.connect.functions",
    "pyspark.sql.connect.session",
    "yaml",
)
# The system libraries of macOS do not support a fork: there each job is a new interpreter.
FORKS = sys.platform != "darwin"
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve start requests until the socket is closed; in a forked job, return when it is ready to run its script."""
    for name in PRELOADED if FORKS else ():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Exclude the imported objects from garbage collection: otherwise each job's first collection would copy them.
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=int(sys.argv[1]))
    wake, woken = socket.socketpair()
    for end in (wake, woken):
        end.setblocking(False)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    jobs: dict[int, str] = {}
    pending = b""
    descriptors: list[int] = []
    _report(control, {"ready": os.getpid()})
    while True:
        ready = {key.fileobj for key, _ in selector.select()}
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                wake.recv(4096)
            _reap(control, jobs)
        if control not in ready:
            continue
        data, received, _, _ = socket.recv_fds(control, 1 << 20, 64)
        descriptors += received
        if not data:
            for pid in jobs:
                _signal(pid, signal.SIGKILL)
            return
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "signal" in request:
                for pid, job in jobs.items():
                    if job == request["signal"]:
                        _signal(pid, request["number"])
                continue
            output, error = descriptors[:2]
            del descriptors[:2]
            pid = os.fork() if FORKS else _spawn(request, output=output, error=error)
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for resource in (selector, control, wake, woken):
                    resource.close()
                for other in descriptors:
                    os.close(other)
                _become_job(request, output=output, error=error)
                return
            os.close(output)
            os.close(error)
            jobs[pid] = request["start"]
            _report(control, {"started": request["start"], "pid": pid})


def _report(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


def _reap(control: socket.socket, jobs: dict[int, str]) -> None:
    while jobs:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in jobs:
            # Processes that the job started and did not end are still in its process group.
            _signal(pid, signal.SIGKILL)
            _report(control, {"ended": jobs.pop(pid), "status": os.waitstatus_to_exitcode(status)})


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _spawn(request: dict[str, Any], *, output: int, error: int) -> int:
    process = subprocess.Popen(
        [sys.executable, request["script"], *request["arguments"]],
        env=request["environment"],
        cwd=request["directory"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=error,
        start_new_session=True,
    )
    return process.pid


def _become_job(request: dict[str, Any], *, output: int, error: int) -> None:
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (error, 2)):
        os.dup2(source, target)
        os.close(source)
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)  # so that a line is a log event at once, not at the job's end
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    script = request["script"]
    sys.argv = [script, *request["arguments"]]
    search = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [
        os.path.dirname(script),
        *filter(None, search),
        *(entry for entry in sys.path if os.path.abspath(entry) != own),
    ]
    importlib.invalidate_caches()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()  # otherwise every job would have the same random numbers
    module = types.ModuleType("__main__")
    module.__file__ = script
    sys.modules["__main__"] = module


def _run_job() -> None:
    """Run the script as `__main__` and exit as an interpreter does.

    Only the teardown of modules is omitted: it takes half a second for the imported libraries and prints warnings.
    """
    code = 0
    try:
        _run_script(sys.argv[0])
    except SystemExit as system_exit:
        code = system_exit.code if isinstance(system_exit.code, int) else int(system_exit.code is not None)
        if code and not isinstance(system_exit.code, int):
            print(system_exit.code, file=sys.stderr)  # noqa: T201 - as `sys.exit("text")` does
    except BaseException as failure:
        code = 1
        # Without the frames of this file, as in a new interpreter.
        traceback.print_exception(failure.with_traceback(_below_this_file(failure.__traceback__)))
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are not daemons
    atexit._run_exitfuncs()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code & 0xFF)


def _run_script(script: str) -> None:
    with open(script, "rb") as source:
        code = compile(source.read(), script, "exec")
    exec(code, sys.modules["__main__"].__dict__)  # noqa: S102 - running the script is the job


def _below_this_file(trace: types.TracebackType | None) -> types.TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


if __name__ == "__main__":
    main()
    if sys.modules["__main__"].__file__ != __file__:
        _run_job()
