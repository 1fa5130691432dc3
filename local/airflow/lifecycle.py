"""Airflow on this machine: the DAGs of the contracts, on the embedded AWS, with its web page on 127.0.0.1.

It stands in `airflow/` under the root folder, in its own environment (.venv-airflow), its database in the root's
PostgreSQL. Each part leads a session of its own, in which everything that it started is found again.
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
    """A running Airflow: its web page, and its folder, with the logs of its parts in `logs/`."""

    url: str
    home: Path


def up(server: server_lifecycle.Server, database: Database, *, contracts: str | Path) -> Airflow:
    """Start Airflow, or find the one that runs; either has the DAGs of the contracts as they are now.

    Args:
        server: the embedded AWS that its tasks work on.
        database: any database of the PostgreSQL that gets Airflow's.
        contracts: folder of contracts; faults of one domain are an import error of its DAG.

    Raises:
        LakehouseError: Airflow is not installed or did not become healthy; says how its log ends.
    """
    if not AIRFLOW.exists():
        raise LakehouseError("Airflow is not installed: run `make .venv-airflow/.installed`")
    home = _home(server.root)
    home.mkdir(parents=True, exist_ok=True)
    with locks.alone(home / "up.lock"), ThreadPoolExecutor(max_workers=1) as pool:
        bundled = pool.submit(_bundle, home, contracts)
        found = status(server.root)
        if found is None:
            _stop(home)  # what is left of one that is not well
            postgres.create_database(database, "airflow")
            found = _start(server, database, home)
        bundled.result()
        return found


def status(root: Path) -> Airflow | None:
    """The Airflow of a root folder if all its parts live and are healthy, else None."""
    home = _home(root)
    # A part that died has told its health for half a minute to come.
    alive = {process.pid for process in processes(home)}
    if not alive or not alive.issuperset(_sessions(home)[-len(COMPONENTS) :]) or not _healthy(_url(home)):
        return None
    return Airflow(url=_url(home), home=home)


def down(root: Path) -> bool:
    """Stop Airflow and everything that it started; whether any of it was running."""
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

    started = {"migrate": start("migrate", "db", "migrate")}
    if started["migrate"].wait() == 0:
        started |= {name: start(name, name, *arguments) for name, arguments in COMPONENTS.items()}
        (home / "sessions.json").write_text(json.dumps([process.pid for process in started.values()]))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if failed := [name for name, process in started.items() if process.poll()]:
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
        # Whoever reaches 127.0.0.1 has this user's files anyway.
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
        "DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 10,
        "DATABASE__SQL_ALCHEMY_CONN": (
            f"postgresql+psycopg2://{user}:{password}@{database.host}:{database.port}/airflow"
        ),
        # What a scheduler that was killed had begun is taken up within a minute or two, not five to ten.
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 30,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
        "USAGE_DATA_COLLECTION__ENABLED": False,
        # The scheduler may start tasks before the API server, which is the last to be ready, answers them.
        "WORKERS__EXECUTION_API_RETRIES": 10,
    }
    inherited = server_lifecycle.child_environment(server).items()
    return (
        # The bundle's own `dags` and `lakehouse` are what it imports, not those of somebody's search path.
        {name: value for name, value in inherited if not name.startswith("AIRFLOW_") and name != "PYTHONPATH"}
        | {f"AIRFLOW__{name}": str(value) for name, value in settings.items()}
        | {
            "AIRFLOW_HOME": str(home),
            "LAKEHOUSE_DBT_PYTHON": str(REPOSITORY / ".venv-dbt" / "bin" / "python"),
            "LAKEHOUSE_POLL_SECONDS": "1",
            "PATH": os.pathsep.join([str(AIRFLOW.parent), os.environ["PATH"]]),
        }
    )


def _bundle(home: Path, contracts: str | Path) -> None:
    """Make the DAGs folder; faults of contracts are shown by Airflow."""
    made = subprocess.run(
        [sys.executable, "-m", "dags.bundle", home / "dags", "--contracts", Path(contracts).resolve()],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode and not made.stdout:
        raise LakehouseError(f"no DAGs: {made.stderr.strip()}")


def _healthy(url: str) -> bool:
    """Whether all parts say that they are well."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/api/v2/monitor/health", timeout=5) as response:
            health = json.load(response)
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return False
    return all(health[part]["status"] == "healthy" for part in PARTS)


def _stop(home: Path) -> bool:
    """Stop all processes; they are asked first, for some have to end others in order."""
    found = list(processes(home))
    for signal_ in ("terminate", "kill"):
        for process in processes(home):
            try:
                getattr(process, signal_)()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(list(processes(home)), timeout=STOP_SECONDS)
    return bool(found)


def processes(home: Path) -> Iterator[psutil.Process]:
    """Processes of the sessions that were started here; their ids may be others' by now, who work elsewhere."""
    sessions = _sessions(home)
    for process in psutil.process_iter():
        try:
            ours = os.getsid(process.pid) in sessions and Path(process.cwd()) == home
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _sessions(home: Path) -> list[int]:
    """Leaders of the sessions that were started last: who migrated the database, then the parts in their order."""
    file = home / "sessions.json"
    found: list[int] = json.loads(file.read_text()) if file.exists() else []
    return found


def _home(root: Path) -> Path:
    return root.resolve() / "airflow"


def _url(home: Path) -> str:
    return f"http://127.0.0.1:{(home / 'port').read_text()}"
