"""The embedded AWS as a process: start it, find it, stop it.

Everything it owns stands under one root folder (`.local/` by default), so that two roots are two clouds:
`server.lock` (held by the living server, holds its pid), `server.json` (where it listens), `state/`, `s3/`, `logs/`.
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
from dataclasses import dataclass, field
from pathlib import Path

from emulator.errors import EmulatorError
from emulator.runtime import locks

DEFAULT_ROOT = Path(".local")
ACCOUNT = "000000000000"
REGION = "eu-central-1"
LOCK = "server.lock"
IDENTITY_PATH = "/_lakehouse/server"
START_SECONDS = 60
STOP_SECONDS = 20

# Servers that this very process started: it is their parent and must reap them.
_children: dict[int, subprocess.Popen[bytes]] = {}


class ServerError(EmulatorError):
    """The embedded AWS did not start, or can't be stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running embedded AWS.

    Args:
        endpoint: `http://127.0.0.1:PORT`, the value of AWS_ENDPOINT_URL.
        pid: process id of the server.
        account: AWS account id that it stands for; also the access key id.
        region: AWS region that it stands for.
        root: folder of its state, S3 data and logs.
        token: what the listener at `endpoint` must answer to be this server.
    """

    endpoint: str
    pid: int
    account: str
    region: str
    root: Path
    token: str = field(repr=False)

    @property
    def log(self) -> Path:
        return log_file(self.root)


def log_file(root: Path) -> Path:
    return root / "logs" / "server.log"


def up(
    root: Path = DEFAULT_ROOT, *, account: str | None = None, region: str | None = None, python: str = sys.executable
) -> Server:
    """Start the embedded AWS of a root folder, or find the one that runs already.

    Args:
        root: folder of state, S3 data and logs; made if it is missing.
        account: AWS account id; None: that of the root's data, 000000000000 for a new root.
        region: AWS region; None: that of the root's data, eu-central-1 for a new root.
        python: interpreter with the extra `local`, which the server runs on.

    Raises:
        ServerError: it did not come up (the message ends with the last lines of its log), or the root's data belong to
            another account or region.
    """
    root = root.resolve()
    log_file(root).parent.mkdir(parents=True, exist_ok=True)
    with locks.alone(root / "up.lock"):
        last = last_settings(root)
        for name, asked in (("account", account), ("region", region)):
            if asked is not None and asked != last.get(name, asked):
                raise ServerError(
                    f"what {root} holds belongs to {name} {last[name]}, not {asked}: choose another root folder"
                )
        account, region = account or last.get("account", ACCOUNT), region or last.get("region", REGION)
        return status(root) or _start(root, account=account, region=region, python=python)


def last_settings(root: Path) -> dict[str, str]:
    """Account, region and port of a root folder's last server; empty for a new root."""
    try:
        settings: dict[str, str] = json.loads((root / "settings.json").read_text())
    except FileNotFoundError:
        return {}
    return settings


def status(root: Path = DEFAULT_ROOT) -> Server | None:
    """The server of a root folder if it lives and answers, else None."""
    root = root.resolve()
    pid = locks.holder(root / LOCK)
    if pid is None or not (root / "server.json").exists():
        return None
    server = Server(root=root, **json.loads((root / "server.json").read_text()))
    return server if server.pid == pid and _answers(server) else None


def down(root: Path = DEFAULT_ROOT) -> bool:
    """Stop the server of a root folder and all that it started; its data stays.

    Returns:
        Whether a server was running.

    Raises:
        ServerError: the process outlived SIGKILL.
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
    """Whether the last server of a root folder ended without `down`."""
    root = root.resolve()
    return (root / "server.json").exists() and locks.holder(root / LOCK) is None


def environment(server: Server) -> dict[str, str]:
    """The variables that point AWS SDKs, the CDK CLI and the engines of a child process at the server.

    A child must not inherit AWS_PROFILE, AWS_SESSION_TOKEN or AWS_CA_BUNDLE (see `child_environment`). The
    checksums that an SDK adds unasked guard a network; on 127.0.0.1 they cost more than the transfer.
    """
    return endpoint_environment(endpoint=server.endpoint, account=server.account, region=server.region)


def endpoint_environment(*, endpoint: str, account: str, region: str) -> dict[str, str]:
    """As `environment`, from its parts."""
    hosts = [host for host in os.environ.get("NO_PROXY", "").split(",") if host]
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "NO_PROXY": ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"])),
    }


def child_environment(server: Server) -> dict[str, str]:
    """The whole environment of a child process: this process's, with every AWS setting replaced by the server's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | environment(server)


def last_lines(path: Path, *, count: int = 20) -> str:
    """The end of a log file, or a note that there is none."""
    if not path.exists():
        return "(the log is empty)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])


def _start(root: Path, *, account: str, region: str, python: str) -> Server:
    log = log_file(root)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    repository = str(Path(__file__).resolve().parents[2])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [repository, environ.get("PYTHONPATH")]))
    environ["LAKEHOUSE_LOCAL_TOKEN"] = token = secrets.token_hex(16)
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
                f"the embedded AWS ended with exit code {process.returncode} while it started; "
                f"its log is {log}, which ends:\n{last_lines(log)}"
            )
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    raise ServerError(
        f"the embedded AWS did not answer within {START_SECONDS} s and was stopped; "
        f"its log is {log}, which ends:\n{last_lines(log)}"
    )


def _stop(root: Path, pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    if not _gone(root, within=STOP_SECONDS):
        os.kill(pid, signal.SIGKILL)
        if not _gone(root, within=STOP_SECONDS):
            raise ServerError(f"process {pid} of the embedded AWS outlived SIGKILL; its log is {log_file(root)}")
    if pid in _children:
        _children.pop(pid).wait()
    # The server leads its own process group: what it started and left behind is still in it.
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
    """Whether the listener at the endpoint is this very server."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(server.endpoint + IDENTITY_PATH, timeout=5) as response:
            return bool(json.load(response) == {"pid": server.pid, "token": server.token})
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return False
