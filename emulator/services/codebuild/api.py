"""CodeBuild: builds that run as processes on this machine.

The commands of a build run in one shell, as in AWS, with the environment of the server. The `install` phase is skipped:
the machine must have the tools that it would install.

Source: AWS CodeBuild user guide, "Build specification reference for CodeBuild".
"""

import contextvars
import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import yaml
from botocore.exceptions import ClientError
from ministack.services import codebuild  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.codebuild import permissions
from emulator.services.glue import logs
from emulator.services.glue.packages import download

SESSION = "AWSCodeBuild"
PHASES = ("pre_build", "build", "post_build")

log = logging.getLogger(__name__)
_running: dict[str, subprocess.Popen[bytes]] = {}


def register() -> None:
    """Run builds, keep the log settings of projects, and fail the builds that were active when the server ended."""
    plugin.operations("codebuild", [start_build, stop_build])
    plugin.resources("codebuild", permissions.resources)
    plugin.on_stop(_kill_all)
    _keep_logs_config()
    restore = codebuild.load_persisted_state

    def load(state: object) -> None:
        restore(state)
        for build in codebuild._builds._data.values():
            if build["buildStatus"] == "IN_PROGRESS":
                _end(build, "FAULT")

    codebuild.load_persisted_state = load


def _keep_logs_config() -> None:
    """Keep `logsConfig` of projects, which ministack does not store."""
    shape = codebuild._project_shape
    codebuild._project_shape = lambda project: shape(project) | {"logsConfig": project.get("logsConfig", {})}
    for name in ("_create_project", "_update_project"):
        setattr(codebuild, name, _with_logs_config(getattr(codebuild, name)))


def _with_logs_config(change: Callable[[Json], plugin.Response]) -> Callable[[Json], plugin.Response]:
    def changed(request: Json) -> plugin.Response:
        response = change(request)
        if response[0] == 200 and "logsConfig" in request:
            codebuild._projects[request["name"]]["logsConfig"] = request["logsConfig"]
        return response

    return changed


def start_build(request: Json) -> Json:
    project = codebuild._projects.get(request.get("projectName"))
    if project is None:
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {request.get('projectName')}")
    build: Json = codebuild._make_build_record(project, codebuild._build_id(project["name"]))
    del build["endTime"]
    group = project.get("logsConfig", {}).get("cloudWatchLogs", {}).get("groupName")
    stream = build["id"].rpartition(":")[2]
    build |= {
        "buildStatus": "IN_PROGRESS",
        "currentPhase": "BUILD",
        "phases": [],
        "logs": {"groupName": group or f"/aws/codebuild/{project['name']}", "streamName": stream},
    }
    variables = {
        variable["name"]: str(variable["value"])
        for variable in (
            *project["environment"].get("environmentVariables", []),
            *request.get("environmentVariablesOverride", []),
        )
    }
    codebuild._builds[build["id"]] = build
    checkpoint.flush("codebuild")
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=[_run, project, build, variables], name=stream, daemon=True).start()
    return {"build": dict(build)}


def stop_build(request: Json) -> Json:
    build: Json | None = codebuild._builds.get(request["id"])
    if build is None:
        raise AwsError("ResourceNotFoundException", f"Build cannot be found: {request['id']}")
    if process := _running.get(request["id"]):
        _end(build, "STOPPED")
        _kill(process)
    return {"build": dict(build)}


def _run(project: Json, build: Json, variables: dict[str, str]) -> None:
    """Execute a build from start to end, in a separate thread."""
    folder = plugin.root / "tmp" / "codebuild" / build["logs"]["streamName"]
    shipper = logs.Shipper(
        group=build["logs"]["groupName"],
        stream=build["logs"]["streamName"],
        role=project["serviceRole"],
        session=SESSION,
    )
    try:
        folder.mkdir(parents=True)
        status = _execute(project, build, variables, folder=folder, shipper=shipper)
    except Exception as error:
        log.exception("build %s", build["id"])
        shipper.add(f"{type(error).__name__}: {error}".encode())
        status = "FAULT"
    finally:
        if process := _running.pop(build["id"], None):
            _kill(process)
        shutil.rmtree(folder, ignore_errors=True)
    try:
        shipper.send()
    except ClientError as error:  # a build whose role may not write its log fails in AWS too
        log.warning("build %s: %s", build["id"], error)
        status = "FAILED"
    if build["buildStatus"] == "IN_PROGRESS":
        _end(build, status)


def _execute(project: Json, build: Json, variables: dict[str, str], *, folder: Path, shipper: logs.Shipper) -> str:
    plugin.check_trust(project["serviceRole"], "codebuild.amazonaws.com")
    source = project["source"]
    if source["type"] == "S3":
        archive, _ = download(f"s3://{source['location']}", role=project["serviceRole"])
        zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    phases = yaml.safe_load(source["buildspec"])["phases"]
    commands = [command for phase in PHASES for command in (phases.get(phase) or {}).get("commands", [])]
    inherited = plugin.child_environment(role=project["serviceRole"], session=SESSION)
    environment = inherited | variables
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")])
    environment["CODEBUILD_BUILD_ID"], environment["CODEBUILD_SRC_DIR"] = build["id"], str(folder)
    process = subprocess.Popen(
        ["bash", "-c", "set -e\n" + "\n".join(commands)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    _running[build["id"]] = process
    assert process.stdout is not None
    deadline = time.monotonic() + 60 * int(project.get("timeoutInMinutes") or 60)
    for _ in logs.ship({os.dup(process.stdout.fileno()): shipper}):
        if time.monotonic() > deadline:
            _kill(process)
            process.wait()
            return "TIMED_OUT"
    return "SUCCEEDED" if process.wait() == 0 else "FAILED"


def _end(build: Json, status: str) -> None:
    now = time.time()
    build |= {"buildStatus": status, "buildComplete": True, "currentPhase": "COMPLETED", "endTime": now}
    build["phases"] = [{"phaseType": "BUILD", "phaseStatus": status, "startTime": build["startTime"], "endTime": now}]
    checkpoint.mark("codebuild")


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _kill_all() -> None:
    for process in list(_running.values()):
        _kill(process)
