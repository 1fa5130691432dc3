"""The emulator as a process: start it, find it, stop it.

All its files are in one root folder (`.local/` by default): `server.lock` (locked by the running server, contains its
pid), `server.json` (its address), `state/`, `s3/`, `logs/`. Emulators with different roots share nothing.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.errors import EmulatorError
from emulator.runtime import locks
from emulator.runtime.environment import TOKEN, endpoint_environment, without_aws

DEFAULT_ROOT = Path(".local")
ACCOUNT = "000000000000"
REGION = "eu-central-1"
LOCK = "server.lock"
IDENTITY_PATH = "/_emulator/server"
START_SECONDS = 60
STOP_SECONDS = 20

# Servers that this process started: as their parent it must wait for their end.
_children: dict[int, subprocess.Popen[bytes]] = {}


class ServerError(EmulatorError):
    """The emulator did not start, or cannot be stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running emulator.

    Attributes:
        endpoint: `http://127.0.0.1:PORT`, the value of AWS_ENDPOINT_URL.
        pid: process id of the server.
        account: emulated AWS account id; also the access key id of its root user.
        region: emulated AWS region.
        root: folder of its state, S3 data and logs.
        token: secret by which the listener at `endpoint` proves that it is this server.
        access_key: access key id of the account's administrator.
        secret_key: the administrator's secret access key.
        authorization: whether requests are denied as in AWS: `on`, `record` or `off`.
    """

    endpoint: str
    pid: int
    account: str
    region: str
    root: Path
    token: str = field(repr=False)
    access_key: str
    secret_key: str = field(repr=False)
    authorization: str

    @property
    def log(self) -> Path:
        """Path of the server's log."""
        return log_file(self.root)


def log_file(root: Path) -> Path:
    """Return the path of the log of a root folder's server."""
    return root / "logs" / "server.log"


def up(
    root: Path = DEFAULT_ROOT,
    *,
    account: str | None = None,
    region: str | None = None,
    python: str = sys.executable,
    variables: Mapping[str, str] | None = None,
) -> Server:
    """Start the emulator of a root folder, or find the one that runs.

    Args:
        root: folder of state, S3 data and logs; created if it does not exist.
        account: AWS account id; None: that of the root's data, 000000000000 for a new root.
        region: AWS region; None: that of the root's data, eu-central-1 for a new root.
        python: interpreter that has the emulator's dependencies.
        variables: environment variables of a server that is started, in addition to those of this process. Glue jobs
            and builds inherit them.

    Raises:
        ServerError: the server did not start (the message ends with the last lines of its log), or the root's data
            belong to another account or region.
    """
    root = root.resolve()
    log_file(root).parent.mkdir(parents=True, exist_ok=True)
    with locks.alone(root / "up.lock"):
        last = last_settings(root)
        for name, value in (("account", account), ("region", region)):
            if value is not None and value != last.get(name, value):
                raise ServerError(
                    f"the data in {root} belongs to {name} {last[name]}, not {value}: choose another root folder"
                )
        account, region = account or last.get("account", ACCOUNT), region or last.get("region", REGION)
        return status(root) or _start(root, account=account, region=region, python=python, variables=variables or {})


def last_settings(root: Path) -> dict[str, str]:
    """Return account, region and port of a root folder's last server; empty for a new root."""
    try:
        settings: dict[str, str] = json.loads((root / "settings.json").read_text())
    except FileNotFoundError:
        return {}
    return settings


def status(root: Path = DEFAULT_ROOT) -> Server | None:
    """Return the server of a root folder if it runs and answers, else None."""
    root = root.resolve()
    pid = locks.holder(root / LOCK)
    if pid is None or not (root / "server.json").exists():
        return None
    server = Server(root=root, **json.loads((root / "server.json").read_text()))
    return server if server.pid == pid and _answers(server) else None


def down(root: Path = DEFAULT_ROOT) -> bool:
    """Stop the server of a root folder and all processes that it started; its data stays.

    Returns:
        Whether a server was running.

    Raises:
        ServerError: the process still runs after SIGKILL.
    """
    root = root.resolve()
    if not root.exists():
        return False
    with locks.alone(root / "up.lock"):
        pid = locks.holder(root / LOCK)
        if pid is not None:
            _stop(root, pid)
        (root / "server.json").unlink(missing_ok=True)
        return pid is not None


def crashed(root: Path = DEFAULT_ROOT) -> bool:
    """Return whether the last server of a root folder ended without `down`."""
    root = root.resolve()
    return (root / "server.json").exists() and locks.holder(root / LOCK) is None


def environment(server: Server) -> dict[str, str]:
    """Return the variables that point AWS SDKs, the CDK CLI and query engines at the server, as its administrator.

    A child process must not inherit AWS_PROFILE, AWS_SESSION_TOKEN or AWS_CA_BUNDLE (see `child_environment`).
    """
    variables = endpoint_environment(endpoint=server.endpoint, account=server.account, region=server.region)
    return variables | {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}


def child_environment(server: Server) -> dict[str, str]:
    """Return the environment of a child process: this process's, with all AWS settings replaced by the server's."""
    return without_aws(os.environ) | environment(server)


def last_lines(path: Path, *, count: int = 20) -> str:
    """Return the last lines of a log file, or a remark if it does not exist."""
    if not path.exists():
        return "(the log is empty)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])


def _start(root: Path, *, account: str, region: str, python: str, variables: Mapping[str, str]) -> Server:
    log = log_file(root)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    package_folder = str(Path(__file__).resolve().parents[2])
    environ = without_aws(os.environ | variables)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [package_folder, environ.get("PYTHONPATH")]))
    environ[TOKEN] = token = secrets.token_hex(16)
    command = [python, "-m", "emulator.server", str(root), "--account", account, "--region", region]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server = status(root)
        if server is not None and server.token == token:
            return server
        if process.poll() is not None:
            raise ServerError(
                f"the emulator ended with exit code {process.returncode} while it started; "
                f"its log is {log}, which ends:\n{last_lines(log)}"
            )
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    raise ServerError(
        f"the emulator did not answer within {START_SECONDS} s and was stopped; "
        f"its log is {log}, which ends:\n{last_lines(log)}"
    )


def _stop(root: Path, pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    if not _gone(root, within=STOP_SECONDS):
        os.kill(pid, signal.SIGKILL)
        if not _gone(root, within=STOP_SECONDS):
            raise ServerError(f"process {pid} of the emulator still runs after SIGKILL; its log is {log_file(root)}")
    if pid in _children:
        _children.pop(pid).wait()
    # The server leads a process group of its own: processes that it started and did not end are still in it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _gone(root: Path, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if locks.holder(root / LOCK) is None:
            return True
        time.sleep(0.02)
    return False


def _answers(server: Server) -> bool:
    """Return whether the listener at the endpoint is this server."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(server.endpoint + IDENTITY_PATH, timeout=5) as response:
            return bool(json.load(response) == {"pid": server.pid, "token": server.token})
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return False
