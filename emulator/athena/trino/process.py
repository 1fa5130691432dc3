"""A Trino beside the emulator of a root folder: start it, find it, stop it.

Its files are in `trino/` in the root folder: `server.lock` (locked by the process, contains its pid), `server.json`
(its address), `server.log`, its settings and data. It listens on a free port of 127.0.0.1 only.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from emulator.athena.trino import settings
from emulator.athena.trino.settings import Lake
from emulator.errors import EmulatorError
from emulator.runtime import locks
from emulator.runtime.environment import HOST, without_aws

VERSION = 476
JAVA = 24
"""The oldest Java on which this version runs."""
JAVA_HOME = "LAKEHOUSE_TRINO_JAVA_HOME"
HEAP = "2G"
START_SECONDS = 600
STOP_SECONDS = 20
_JVM = (
    *(f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-XX:TieredStopAtLevel=1"),
    *("-Djdk.attach.allowAttachSelf=true", "-Djdk.nio.maxCachedBufferSize=2000000", "-Dfile.encoding=UTF-8"),
    *("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"),
    *("--sun-misc-unsafe-memory-access=allow", "-Duser.timezone=UTC"),
)

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trino:
    """A running Trino.

    Attributes:
        url: `http://127.0.0.1:PORT`.
        pid: its process id.
    """

    url: str
    pid: int


def up(root: Path, lake: Lake, *, home: Path) -> Trino:
    """Start the Trino of a root folder, or find the one that runs.

    Args:
        root: folder of the emulator.
        lake: the emulator.
        home: folder of an installed Trino.

    Raises:
        EmulatorError: Trino or its Java is not installed, or it did not start; the message ends with its log.
    """
    folder = _folder(root)
    folder.mkdir(exist_ok=True)
    with locks.alone(folder / "up.lock"):
        return status(root) or _start(folder, lake, home=home)


def status(root: Path) -> Trino | None:
    """Return the Trino of a root folder, or None if none was started or its process ended."""
    folder = _folder(root)
    pid = locks.holder(folder / "server.lock")
    if pid is None or not (folder / "server.json").exists():
        return None
    running = Trino(**json.loads((folder / "server.json").read_text()))
    return running if running.pid == pid else None


def address(root: Path) -> str | None:
    """Return the address of the Trino that was started for a root folder and not stopped; None if there is none.

    The address of one whose process ended is returned too: statements then fail, instead of running on another engine.
    """
    try:
        url: str = json.loads((_folder(root) / "server.json").read_text())["url"]
    except FileNotFoundError:
        return None
    return url


def down(root: Path, *, keep: bool = False) -> bool:
    """Stop the Trino of a root folder.

    Args:
        root: folder of the emulator.
        keep: whether Trino remains the engine of the folder, so that statements fail until it runs again.

    Returns:
        Whether one was running.
    """
    folder = _folder(root)
    if not folder.exists():
        return False
    with locks.alone(folder / "up.lock"):
        pid = locks.holder(folder / "server.lock")
        if pid is not None:
            _stop(folder, pid)
        if not keep:
            (folder / "server.json").unlink(missing_ok=True)
        return pid is not None


def log_file(root: Path) -> Path:
    """Return the path of its log."""
    return _folder(root) / "server.log"


def _folder(root: Path) -> Path:
    return root.resolve() / "trino"


def _start(folder: Path, lake: Lake, *, home: Path) -> Trino:
    if not (home / "lib").is_dir():
        raise EmulatorError(f"Trino is not installed in {home}: run `make .trino-{VERSION}/.installed`")
    java, port = _java(), _free_port()
    shutil.rmtree(folder / "etc", ignore_errors=True)
    for path, lines in settings.files(lake, port=port).items():
        (folder / "etc" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "etc" / path).touch(mode=0o600)
        (folder / "etc" / path).write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    node = {
        "node.environment": "emulator",
        "node.id": "emulator",
        "node.data-dir": str(folder / "data"),
        "node.internal-address": HOST,
        "node.bind-ip": HOST,
        "config": str(folder / "etc" / "config.properties"),
        "plugin.dir": str(home / "plugin"),
        "catalog.config-dir": str(folder / "etc" / "catalog"),
    }
    command = [java, *_JVM, *(f"-D{name}={value}" for name, value in node.items())]
    log = folder / "server.log"
    with log.open("wb") as output, (folder / "server.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the process inherits it, and holds it until its end
        process = subprocess.Popen(
            [*command, "-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"],
            env=without_aws(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock.fileno()],
            cwd=folder,
        )
        lock.truncate(0)
        lock.write(str(process.pid))
    _children[process.pid] = process
    url = f"http://{HOST}:{port}"
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(url):
        if process.poll() is not None or time.monotonic() > deadline:
            ended = f"ended with exit code {process.returncode}" if process.poll() is not None else "did not answer"
            _stop(folder, process.pid)
            last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise EmulatorError(f"Trino {ended} while it started; its log is {log}, which ends:\n{last}")
        time.sleep(0.2)
    (folder / "server.json").write_text(json.dumps({"url": url, "pid": process.pid}))
    return Trino(url=url, pid=process.pid)


def _java() -> str:
    """Return the path of a Java that is new enough."""
    named = [os.environ[name] for name in (JAVA_HOME, "JAVA_HOME") if name in os.environ]
    folders = [*map(Path, named), *sorted(Path("/usr/lib/jvm").glob("*")), *sorted(Path("/opt").glob("*jdk*"))]
    for folder in folders:
        release = folder / "release"
        version = re.search(r'JAVA_VERSION="(\d+)', release.read_text()) if release.is_file() else None
        if version and int(version[1]) >= JAVA:
            return str(folder / "bin" / "java")
    raise EmulatorError(f"Trino {VERSION} needs Java {JAVA} or newer: install it and set {JAVA_HOME} to its folder")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _is_ready(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/v1/info", timeout=5) as response:
            return not json.load(response)["starting"]
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return False


def _stop(folder: Path, pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while locks.holder(folder / "server.lock") == pid and time.monotonic() < deadline:
            time.sleep(0.05)
    if pid in _children:
        _children.pop(pid).wait()
