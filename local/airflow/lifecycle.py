"""Airflow on this machine: the DAGs of the contracts, on the emulator, with a web page on 127.0.0.1.

Its files are in `airflow/` in the root folder, its packages in .venv-airflow, its database in the root's PostgreSQL.
Each component leads its own session, by which all processes that it started are found.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from emulator.runtime import locks, server_lifecycle
from lakehouse.errors import LakehouseError
from local.emulator_server import DBT_PYTHON
from local.sources import postgres
from local.sources.postgres import Database, choose_port

REPOSITORY = Path(__file__).resolve().parents[2]
AIRFLOW = REPOSITORY / ".venv-airflow" / "bin" / "airflow"
START_SECONDS, STOP_SECONDS = 180, 20
TASKS_AT_ONCE = 4
COMPONENTS = {
    "api-server": (),
    # Logs are files that the page reads; their servers would listen on all interfaces.
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """A running Airflow.

    Attributes:
        url: its web page.
        home: its folder; the logs of its components are in `logs/`.
    """

    url: str
    home: Path


def up(server: server_lifecycle.Server, database: Database, *, contracts: str | Path) -> Airflow:
    """Start Airflow, or find the one that runs, with the DAGs of the current contracts.

    Args:
        server: the emulator on which its tasks work.
        database: a database of the PostgreSQL in which Airflow's database is created.
        contracts: folder of contracts; violations in a domain are an import error of its DAG.

    Raises:
        LakehouseError: Airflow is not installed or did not become healthy; the message ends with its log.
    """
    if not AIRFLOW.exists():
        raise LakehouseError("Airflow is not installed: run `make .venv-airflow/.installed`")
    home = _home(server.root)
    home.mkdir(parents=True, exist_ok=True)
    with locks.alone(home / "up.lock"), ThreadPoolExecutor(max_workers=1) as pool:
        bundle = pool.submit(_bundle, home, contracts)
        running = status(server.root)
        if running is None:
            _stop(home)  # an Airflow that is not healthy
            postgres.create_database(database, "airflow")
            running = _start(server, database, home)
        bundle.result()
        return running


def status(root: Path) -> Airflow | None:
    """Return the Airflow of a root folder if all its components run and are healthy, else None."""
    home = _home(root)
    # The health of a component that has ended is reported for another half minute.
    alive = {process.pid for process in processes(home)}
    if not alive or not alive.issuperset(_sessions(home)[-len(COMPONENTS) :]) or not _healthy(_url(home)):
        return None
    return Airflow(url=_url(home), home=home)


def down(root: Path) -> bool:
    """Stop Airflow and all processes that it started; return whether any was running."""
    home = _home(root)
    if not home.exists():
        return False
    with locks.alone(home / "up.lock"):
        return _stop(home)


def _start(server: server_lifecycle.Server, database: Database, home: Path) -> Airflow:
    choose_port(home)
    environment, logs = _environment(server, database, home), home / "logs"
    logs.mkdir(exist_ok=True)

    def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (logs / f"{name}.log").open("wb") as output:
            return subprocess.Popen(
                [AIRFLOW, *arguments],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    components = {"migrate": start("migrate", "db", "migrate")}
    if components["migrate"].wait() == 0:
        components |= {name: start(name, name, *arguments) for name, arguments in COMPONENTS.items()}
        (home / "sessions.json").write_text(json.dumps([process.pid for process in components.values()]))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if failed := [name for name, process in components.items() if process.poll()]:
            break
        if _healthy(_url(home)):
            return Airflow(url=_url(home), home=home)
        time.sleep(0.5)
    _stop(home)
    name = failed[0] if failed else "scheduler"
    raise LakehouseError(
        f"Airflow's {name} {'failed' if failed else f'was not healthy within {START_SECONDS} s'}; its log is "
        f"{logs / name}.log, which ends:\n{server_lifecycle.last_lines(logs / f'{name}.log')}"
    )


def _environment(server: server_lifecycle.Server, database: Database, home: Path) -> dict[str, str]:
    user, password = quote(database.user, safe=""), quote(database.password, safe="")
    settings = {
        "API__BASE_URL": _url(home),
        "API__HOST": "127.0.0.1",
        "API__MAXIMUM_PAGE_LIMIT": 1000,
        "API__PORT": (home / "port").read_text(),
        "API__WORKERS": 1,
        "CORE__DAGS_FOLDER": home / "dags",
        "CORE__EXECUTION_API_SERVER_URL": f"{_url(home)}/execution/",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__PARALLELISM": TASKS_AT_ONCE,
        # A user of this machine can read the files in any case.
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
        "DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 10,
        "DATABASE__SQL_ALCHEMY_CONN": (
            f"postgresql+psycopg2://{user}:{password}@{database.host}:{database.port}/airflow"
        ),
        # The tasks of a killed scheduler continue within one or two minutes instead of five to ten.
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 30,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
        "USAGE_DATA_COLLECTION__ENABLED": False,
        # The scheduler may start tasks before the API server, which starts last, is ready.
        "WORKERS__EXECUTION_API_RETRIES": 10,
    }
    inherited = server_lifecycle.child_environment(server).items()
    return (
        # Airflow imports the `dags` and `lakehouse` of the bundle, not those of an inherited search path.
        {name: value for name, value in inherited if not name.startswith("AIRFLOW_") and name != "PYTHONPATH"}
        | {f"AIRFLOW__{name}": str(value) for name, value in settings.items()}
        | {
            "AIRFLOW_HOME": str(home),
            "LAKEHOUSE_DBT_PYTHON": DBT_PYTHON,
            "LAKEHOUSE_POLL_SECONDS": "1",
            "PATH": os.pathsep.join([str(AIRFLOW.parent), os.environ["PATH"]]),
        }
    )


def _bundle(home: Path, contracts: str | Path) -> None:
    """Create the DAGs folder; Airflow shows violations in contracts."""
    finished = subprocess.run(
        [sys.executable, "-m", "dags.bundle", home / "dags", "--contracts", Path(contracts).resolve()],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode and not finished.stdout:
        raise LakehouseError(f"the DAGs could not be created: {finished.stderr.strip()}")


def _healthy(url: str) -> bool:
    """Return whether all components report that they are healthy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/api/v2/monitor/health", timeout=5) as response:
            health = json.load(response)
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return False
    return all(health[part]["status"] == "healthy" for part in PARTS)


def _stop(home: Path) -> bool:
    """Terminate all processes, then kill the rest, because some must end others in order; return whether any ran."""
    running = list(processes(home))
    for signal_ in ("terminate", "kill"):
        for process in processes(home):
            try:
                getattr(process, signal_)()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(list(processes(home)), timeout=STOP_SECONDS)
    return bool(running)


def processes(home: Path) -> Iterator[psutil.Process]:
    """Yield the processes of the components' sessions.

    The id of a session may have been reused; its processes then have another working directory.
    """
    sessions = _sessions(home)
    for process in psutil.process_iter():
        try:
            ours = os.getsid(process.pid) in sessions and Path(process.cwd()) == home
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _sessions(home: Path) -> list[int]:
    """Return the leaders of the last sessions: the database migration, then the components in order."""
    file = home / "sessions.json"
    leaders: list[int] = json.loads(file.read_text()) if file.exists() else []
    return leaders


def _home(root: Path) -> Path:
    return root.resolve() / "airflow"


def _url(home: Path) -> str:
    return f"http://127.0.0.1:{(home / 'port').read_text()}"
