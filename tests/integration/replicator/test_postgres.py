"""The source database as a server: found again, stopped, and saying where to look when it does not start."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import psutil
import psycopg
import pytest

from local.sources import postgres
from local.sources.postgres import PostgresError


def test_one_server_a_root_that_keeps_its_data_and_port(tmp_path: Path) -> None:
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _: postgres.start(tmp_path), range(2))
        assert first == second
        with psycopg.connect(first.conninfo, autocommit=True) as connection:
            assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
            connection.execute("CREATE TABLE kept (id int)")
        assert first.password not in repr(first)

        postgres.stop(tmp_path)
        postgres.stop(tmp_path)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(first.conninfo)
        again = postgres.start(tmp_path)
        assert (again.port, again.password) == (first.port, first.password)
        assert again.pid != first.pid
        with psycopg.connect(again.conninfo) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        postgres.stop(tmp_path)


def test_a_pid_file_that_names_another_process_is_not_believed(tmp_path: Path) -> None:
    running = postgres.start(tmp_path)
    file = tmp_path / "postgres" / "data" / "postmaster.pid"
    try:
        lines = file.read_text()
        file.write_text(lines.replace(str(running.pid), "1", 1))
        postgres.stop(tmp_path)  # would stop process 1
        file.write_text(lines)
    finally:
        postgres.stop(tmp_path)


def test_a_server_that_was_killed_starts_once_its_processes_are_gone(tmp_path: Path) -> None:
    killed = psutil.Process(postgres.start(tmp_path).pid)
    try:
        straggler = killed.children()[0]
        straggler.suspend()
        killed.kill()
        killed.wait(30)
        awake = Timer(1, straggler.resume)
        awake.start()
        assert postgres.start(tmp_path).pid != killed.pid
        awake.join()
    finally:
        postgres.stop(tmp_path)


def test_what_does_not_start_names_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.start(tmp_path)
    postgres.stop(tmp_path)
    (tmp_path / "postgres" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(PostgresError, match=r"logs/postgres\.log ends:\n(.*\n)*.*no_such_setting"):
        postgres.start(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_POSTGRES_BIN", "/nonexistent")
    with pytest.raises(PostgresError, match="correct or unset LAKEHOUSE_POSTGRES_BIN"):
        postgres.start(tmp_path)
