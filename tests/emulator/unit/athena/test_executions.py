"""Executions that are stopped or time out."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.athena.api import executions
from emulator.athena.api.executions import FINAL, Executions, Record, new_record
from emulator.athena.runtime import files
from emulator.athena.runtime.run import WORKERS, Context

ENDLESS = """
    WITH n AS (SELECT n FROM unnest(sequence(1, 9999)) AS t (n))
    SELECT count(*) FROM n AS a, n AS b, n AS c WHERE a.n + b.n + c.n < 0
"""


def submit(executions: Executions, query_id: str, *, scratch: Path) -> Record:
    nothing: Any = SimpleNamespace(files=None)
    context = Context(
        cloud=nothing,
        database="default",
        workgroup="primary",
        output="s3://-/",
        output_enforced=False,
        query_id=query_id,
        scratch=scratch,
    )
    record = new_record(context, sql=ENDLESS, workgroup="primary", encryption={})
    executions.submit(record, context, limit=None, encryption={})
    return record


def wait(record: Record) -> tuple[str, str]:
    """Wait until the execution is done, and return its state and reason."""
    while record["Status"]["State"] not in FINAL:
        time.sleep(0.01)
    return record["Status"]["State"], record["Status"]["StateChangeReason"]


def test_a_statement_has_half_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.TIMEOUT_SECONDS == 1800
    monkeypatch.setattr(files, "TIMEOUT_SECONDS", 0.2)
    queue = Executions(lambda: None)
    assert wait(submit(queue, "q", scratch=tmp_path)) == ("FAILED", "Query timeout")
    queue.close()


def test_a_queued_statement_can_be_stopped_and_close_ends_the_others(tmp_path: Path) -> None:
    queue = Executions(lambda: None)
    records = [submit(queue, f"q{number}", scratch=tmp_path) for number in range(WORKERS + 1)]
    *running, waiting = records
    assert waiting["Status"]["State"] == "QUEUED"
    queue.stop(waiting["QueryExecutionId"])
    queue.stop(running[0]["QueryExecutionId"])
    cancelled = ("CANCELLED", "Query was cancelled by user")
    assert wait(running[0]) == cancelled
    assert wait(waiting) == cancelled
    queue.close()
    assert [wait(record) for record in running] == [cancelled] * WORKERS
    assert list(tmp_path.iterdir()) == []


def test_an_unexpected_error_becomes_a_plain_sentence_and_the_log_has_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("7")

    monkeypatch.setattr(executions, "execute", fail)
    queue = Executions(lambda: None)
    record = submit(queue, "q", scratch=tmp_path)
    state, reason = wait(record)
    queue.close()
    assert state == "FAILED"
    assert reason.startswith("NOT_SUPPORTED: this statement or one of its values is not in the emulator's engine.")
    assert "KeyError" not in reason
    assert record["Status"]["AthenaError"]["ErrorCategory"] == 2
    assert "KeyError: '7'" in caplog.text


def test_an_answer_of_a_service_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "NoSuchBucket", "Message": "no bucket"}}, "PutObject")

    monkeypatch.setattr(executions, "execute", fail)
    queue = Executions(lambda: None)
    state, reason = wait(submit(queue, "q", scratch=tmp_path))
    queue.close()
    assert (state, reason) == (
        "FAILED",
        "GENERIC_INTERNAL_ERROR: An error occurred (NoSuchBucket) when calling the PutObject operation: no bucket",
    )
