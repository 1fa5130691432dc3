"""The execution of one job run on this machine: its files, its slot, its process, its time limit and its result."""

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from emulator.runtime import plugin
from emulator.runtime.plugin import Json
from emulator.services.glue import logs, processes
from emulator.services.glue.arguments import driver_environment, script_arguments
from emulator.services.glue.packages import SESSION, download, package, package_uris

log = logging.getLogger(__name__)

SLOTS = int(os.environ.get("LAKEHOUSE_EMULATOR_GLUE_SLOTS", "0")) or os.cpu_count() or 1
"""The number of job runs that run at the same time; others wait in STARTING."""

_slots = threading.BoundedSemaphore(SLOTS)
_stopped: dict[str, threading.Event] = {}


def stop(run_id: str) -> None:
    """Request the end of a run; `execute` then kills its process."""
    _stopped.setdefault(run_id, threading.Event()).set()


def execute(job: Json, run: Json, *, running: Callable[[], None]) -> tuple[str, str | None]:
    """Run a job and wait for its end.

    Args:
        job: the job's definition.
        run: the run's record.
        running: called when the process starts.

    Returns:
        The final JobRunState, and the ErrorMessage if there is one.
    """
    stopped = _stopped.setdefault(run["Id"], threading.Event())
    folder = plugin.root / "tmp" / "glue" / run["Id"]
    try:
        while not _slots.acquire(timeout=0.1):
            if stopped.is_set():
                return "STOPPED", None
        try:
            return _execute(job, run, folder=folder, stopped=stopped, running=running)
        finally:
            _slots.release()
    except Exception as error:
        log.exception("run %s of job %s", run["Id"], job["Name"])
        return "FAILED", f"{type(error).__name__}: {error}"
    finally:
        _stopped.pop(run["Id"], None)
        shutil.rmtree(folder, ignore_errors=True)


def _execute(
    job: Json, run: Json, *, folder: Path, stopped: threading.Event, running: Callable[[], None]
) -> tuple[str, str | None]:
    plugin.check_trust(job["Role"], "glue.amazonaws.com")
    arguments = job["DefaultArguments"] | run["Arguments"] | job["NonOverridableArguments"]
    folder.mkdir(parents=True)
    location = job["Command"]["ScriptLocation"]
    script = folder / location.rpartition("/")[2]
    script.write_bytes(download(location, role=job["Role"])[0])
    path = os.pathsep.join(str(package(uri, role=job["Role"])) for uri in package_uris(arguments))
    environment = (
        plugin.child_environment(role=job["Role"], session=SESSION)
        | driver_environment(arguments)
        | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    )
    process = processes.start(
        script=script,
        arguments=script_arguments(arguments, job=job["Name"], run=run["Id"]),
        environment=environment,
        directory=folder,
    )
    running()
    output_group, error_group = logs.groups(job, arguments)
    output = logs.Shipper(group=output_group, stream=run["Id"], role=job["Role"], session=SESSION, may_be_denied=True)
    error = logs.Shipper(group=error_group, stream=run["Id"], role=job["Role"], session=SESSION, may_be_denied=True)
    deadline = time.monotonic() + float(run["Timeout"]) * 60
    timed_out = False
    try:
        for _ in _until_end(process, output=output, error=error):
            timed_out = timed_out or time.monotonic() > deadline
            if timed_out or stopped.is_set():
                processes.kill(process)
    finally:
        processes.kill(process)  # needed if its logs cannot be written
    if stopped.is_set():
        return "STOPPED", None
    if timed_out:
        return "TIMEOUT", f"Job run exceeded its timeout of {run['Timeout']} minutes."
    return ("SUCCEEDED", None) if process.status == 0 else ("FAILED", _failure(process.status, list(error.last)))


def _until_end(process: processes.Process, *, output: logs.Shipper, error: logs.Shipper) -> Iterator[None]:
    yield from logs.ship({process.output: output, process.error: error})
    while not process.ended.wait(0.1):  # a process may close its output before it ends
        yield


def _failure(status: int, last_lines: list[str]) -> str:
    if status < 0:
        return f"The job's process was killed by {signal.Signals(-status).name}."
    return last_lines[-1][:2000] if last_lines else f"The job's process ended with exit code {status}."
