"""`lakehouse backfill` that is killed in the middle takes up what is left, and lets what is new go first."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from lakehouse.batches import attempts, manifests
from lakehouse.batches.attempts import Attempt
from lakehouse.engine import catalog
from lakehouse.names import Move
from lakehouse.operations import run as runner
from tests.support.airflow.airflow_home import REPOSITORY
from tests.support.airflow.running_lake import Running, eventually
from tests.support.demo import tables
from tests.support.moves.planned import plan_batch

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.usefixtures("aws")]

LAKEHOUSE = Path(sys.executable).with_name("lakehouse")
BATCHES, AT_ONCE = 5, 1


def loads(running: Running, *, since: datetime) -> list[Attempt]:
    """Loads of batches of carriers that ended since then, in the order in which they began."""
    done = attempts.read(catalog.load(), names=running.lake.names, dataset="carriers")
    found = [attempt for attempt in done if attempt.move is Move.STAGE_TO_RAW and attempt.finished_at >= since]
    return sorted(found, key=lambda attempt: attempt.started_at)


def start(running: Running) -> "subprocess.Popen[str]":
    """The command, for what arrived yesterday, today or tomorrow: midnight may come in between."""
    today = datetime.now(UTC).date()
    days = (f"--from={today - timedelta(days=1)}", f"--to={today + timedelta(days=1)}")
    contracts = running.airflow.home / "contracts"
    return subprocess.Popen(
        [LAKEHOUSE, "backfill", "carriers", *days, f"--at-once={AT_ONCE}", f"--contracts={contracts}"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_killed_backfill_takes_up_what_is_left_behind_what_is_new(running: Running) -> None:
    contract, names = running.contract("carriers"), running.lake.names
    for number in range(BATCHES):
        running.send("carriers", f"{100 + number},")
        plan_batch(boto3.client("s3"), names=names, contract=contract)
    list(runner.run_dataset(contract, names=names, catalog=catalog.load(), on_change=lambda _: None))
    before = tables.integration(contract, names=names)
    planned = list(manifests.batch_ids(boto3.client("s3"), names=names, dataset="carriers"))
    assert len(planned) >= BATCHES

    asked = datetime.now(UTC)
    killed = start(running)
    eventually(lambda: len(loads(running, since=asked)) >= 2)
    killed.kill()
    killed.wait()
    at_death = datetime.now(UTC)
    running.send("carriers", "200,")
    eventually(lambda: not jobs_at_work(running))  # what it had started goes on without it
    done = {attempt.batch_id for attempt in loads(running, since=asked)}
    left = len(planned) - len(done)
    assert 0 < left < len(planned) - 1

    resumed = start(running)
    said, _ = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, said
    assert f"{left} of {len(planned)} batches to move" in said
    assert "started" in said
    new, *again = [attempt.batch_id for attempt in loads(running, since=at_death) if attempt.batch_id not in done]
    assert new not in planned
    assert sorted(again) == sorted(set(planned) - done)
    counted = [attempt.batch_id for attempt in loads(running, since=asked)]
    assert sorted(counted) == sorted([*planned, new])
    assert tables.integration(contract, names=names) == tables.ordered([*before, (200, None)])


def jobs_at_work(running: Running) -> list[str]:
    """Glue job runs that have not ended."""
    glue = boto3.client("glue")
    return [
        run["Id"]
        for move in Move
        for run in glue.get_job_runs(JobName=running.lake.names.job(move))["JobRuns"]
        if run["JobRunState"] not in runner.ENDED
    ]
