"""Executions that are stopped or time out."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

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
    executions = Executions(lambda: None)
    assert wait(submit(executions, "q", scratch=tmp_path)) == ("FAILED", "Query timeout")
    executions.close()


def test_a_queued_statement_can_be_stopped_and_close_ends_the_others(tmp_path: Path) -> None:
    executions = Executions(lambda: None)
    records = [submit(executions, f"q{number}", scratch=tmp_path) for number in range(WORKERS + 1)]
    *running, waiting = records
    assert waiting["Status"]["State"] == "QUEUED"
    executions.stop(waiting["QueryExecutionId"])
    executions.stop(running[0]["QueryExecutionId"])
    cancelled = ("CANCELLED", "Query was cancelled by user")
    assert wait(running[0]) == cancelled
    assert wait(waiting) == cancelled
    executions.close()
    assert [wait(record) for record in running] == [cancelled] * WORKERS
    assert list(tmp_path.iterdir()) == []
