"""Executions that are stopped, time out, need too much memory or lose their process; errors nobody expected."""

import dataclasses
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from emulator.athena.api import executions, process_pool, statement_process
from emulator.athena.api.executions import FINAL, Executions, Record, new_record
from emulator.athena.api.statement_process import Running, Task, run_task
from emulator.athena.runtime.cloud import connect
from emulator.athena.runtime.errors import AthenaError, exhausted
from emulator.athena.runtime.files import Scan
from emulator.athena.runtime.run import WORKERS, Context

ENDLESS = """
    WITH n AS (SELECT n FROM unnest(sequence(1, 9999)) AS t (n))
    SELECT count(*) FROM n AS a, n AS b, n AS c WHERE a.n + b.n + c.n < 0
"""
CANCELLED = ("CANCELLED", "Query was cancelled by user")


def context(query_id: str, *, scratch: Path) -> Context:
    """Return the context of a statement that calls no service."""
    return Context(
        cloud=connect(
            endpoint="http://127.0.0.1:9",
            access_key="000000000000",
            secret_key="local",  # noqa: S106 - nobody listens there
            token=None,
            region="eu-central-1",
        ),
        database="default",
        workgroup="primary",
        output="s3://-/",
        output_enforced=False,
        query_id=query_id,
        scratch=scratch,
    )


def task(query_id: str, *, scratch: Path) -> Task:
    return Task(sql=ENDLESS, context=context(query_id, scratch=scratch), limit=None, seconds=60, encryption={})


def submit(executions: Executions, query_id: str, *, scratch: Path, sql: str = ENDLESS) -> Record:
    record = new_record(context(query_id, scratch=scratch), sql=sql, workgroup="primary", encryption={})
    executions.submit(record, context(query_id, scratch=scratch), limit=None, encryption={})
    return record


def wait(record: Record) -> tuple[str, str]:
    """Wait until the execution is done, and return its state and reason."""
    while record["Status"]["State"] not in FINAL:
        time.sleep(0.01)
    return record["Status"]["State"], record["Status"]["StateChangeReason"]


@pytest.fixture
def queue() -> Iterator[Executions]:
    queue = Executions(lambda: None)
    yield queue
    queue.close()


def test_a_statement_has_half_an_hour(tmp_path: Path, queue: Executions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert executions.TIMEOUT_SECONDS == 1800
    monkeypatch.setattr(executions, "TIMEOUT_SECONDS", 0.2)
    assert wait(submit(queue, "q", scratch=tmp_path)) == ("FAILED", "Query timeout")


def test_a_statement_that_needs_more_memory_than_its_share_ends_alone(
    tmp_path: Path, queue: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB does not count every byte: the process has a limit of its own, and its memory is free afterwards."""
    monkeypatch.setenv("LAKEHOUSE_ATHENA_MEMORY", "100MB")
    monkeypatch.setattr(process_pool, "BASE_BYTES", 0)  # less than the engine has when it is imported
    record = submit(queue, "q", scratch=tmp_path)
    assert wait(record) == ("FAILED", str(exhausted()))
    assert record["Status"]["AthenaError"]["ErrorType"] == 1200
    monkeypatch.setattr(process_pool, "BASE_BYTES", 2**30)
    monkeypatch.setattr(executions, "TIMEOUT_SECONDS", 0.2)
    assert wait(submit(queue, "next", scratch=tmp_path)) == ("FAILED", "Query timeout")


def test_a_process_that_ends_fails_its_statement_alone(tmp_path: Path, queue: Executions) -> None:
    record, other = (submit(queue, query_id, scratch=tmp_path) for query_id in ("q", "other"))
    while not (tmp_path / "athena-q").exists() or not (tmp_path / "athena-other").exists():
        time.sleep(0.01)
    processes = [child for child in multiprocessing.active_children() if child.name == "athena"]
    processes[0].kill()
    while all(one["Status"]["State"] not in FINAL for one in (record, other)):
        time.sleep(0.01)
    (dead,) = (one for one in (record, other) if one["Status"]["State"] in FINAL)
    assert wait(dead) == (
        "FAILED",
        "GENERIC_INTERNAL_ERROR: the process of the statement ended with exit code -9: the server's log may say why",
    )
    queue.stop(record["QueryExecutionId"])
    queue.stop(other["QueryExecutionId"])
    alive = other if dead is record else record
    assert wait(alive) == CANCELLED
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_does_not_end_its_statement_is_killed(
    tmp_path: Path, queue: Executions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_pool, "HANG_SECONDS", 0)
    record = submit(queue, "q", scratch=tmp_path)
    while not (tmp_path / "athena-q").exists():
        time.sleep(0.01)
    (process,) = (child for child in multiprocessing.active_children() if child.name == "athena")
    queue.stop("q")
    assert wait(record) == CANCELLED
    assert not process.is_alive()
    assert list(tmp_path.iterdir()) == []


def test_a_process_whose_interrupts_are_in_vain_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB 2.0 sometimes does not end a COPY that is interrupted: the process says why it ends, and ends."""
    interrupts: list[None] = []
    run: Any = SimpleNamespace(interrupt=lambda: interrupts.append(None))
    running = Running(task("q", scratch=tmp_path), Scan(limit=10), run)
    assert statement_process.overdue(running) is None
    running.scan.cancel()
    assert statement_process.overdue(running) is None
    monkeypatch.setattr(statement_process.time, "monotonic", lambda: float("inf"))
    assert str(statement_process.overdue(running)) == "Query was cancelled by user"
    assert len(interrupts) == 2


@pytest.mark.parametrize("size", ["2", "two GB", "-1GB", "2 GBytes"])
def test_a_memory_limit_that_is_no_size_is_refused(
    tmp_path: Path, queue: Executions, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    monkeypatch.setenv("LAKEHOUSE_ATHENA_MEMORY", size)
    assert wait(submit(queue, "q", scratch=tmp_path)) == (
        "FAILED",
        f"GENERIC_INTERNAL_ERROR: LAKEHOUSE_ATHENA_MEMORY is {size!r}: not a size such as 2GB",
    )


def test_a_queued_statement_can_be_stopped_and_close_ends_the_others(tmp_path: Path) -> None:
    queue = Executions(lambda: None)
    records = [submit(queue, f"q{number}", scratch=tmp_path) for number in range(WORKERS + 1)]
    *running, waiting = records
    assert waiting["Status"]["State"] == "QUEUED"
    queue.stop(waiting["QueryExecutionId"])
    queue.stop(running[0]["QueryExecutionId"])
    assert wait(running[0]) == CANCELLED
    assert wait(waiting) == CANCELLED
    queue.close()
    assert [wait(record) for record in running] == [CANCELLED] * WORKERS
    assert list(tmp_path.iterdir()) == []


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, *, scratch: Path) -> Record:
    """Return the changes of an execution whose statement raises an error."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(statement_process, "execute", fail)
    return run_task(Running(task("q", scratch=scratch), Scan(limit=None)))


def test_an_unexpected_error_becomes_a_plain_sentence_and_the_log_has_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    status = failing(monkeypatch, KeyError("7"), scratch=tmp_path)["Status"]
    assert status["State"] == "FAILED"
    reason = status["StateChangeReason"]
    assert reason.startswith("NOT_SUPPORTED: this statement or one of its values is not in the emulator's engine.")
    assert "KeyError" not in reason
    assert status["AthenaError"]["ErrorCategory"] == 2
    assert "KeyError: '7'" in caplog.text


@pytest.mark.parametrize(
    ("message", "trino", "remedy"),
    [
        ("x is not in the emulator's engine", None, True),
        ("line 1:8: Function 'word_stem' not registered", None, True),
        ("line 1:8: Function 'word_stem' not registered", "http://127.0.0.1:1", False),
        ("bucketed tables", None, False),
    ],
)
def test_a_feature_that_the_engine_lacks_names_the_engine_that_may_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, trino: str | None, remedy: bool
) -> None:
    monkeypatch.setattr(statement_process, "_run", Mock(side_effect=AthenaError("NOT_SUPPORTED", message)))
    given = task("q", scratch=tmp_path)
    given = dataclasses.replace(given, context=dataclasses.replace(given.context, trino=trino))
    reason = run_task(Running(given, Scan(limit=None)))["Status"]["StateChangeReason"]
    assert reason.startswith(f"NOT_SUPPORTED: {message}")
    assert reason.endswith("`lakehouse local up --athena trino`") is remedy


def test_an_answer_of_a_service_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ClientError({"Error": {"Code": "NoSuchBucket", "Message": "no bucket"}}, "PutObject")
    assert failing(monkeypatch, error, scratch=tmp_path)["Status"]["StateChangeReason"] == (
        "GENERIC_INTERNAL_ERROR: An error occurred (NoSuchBucket) when calling the PutObject operation: no bucket"
    )
