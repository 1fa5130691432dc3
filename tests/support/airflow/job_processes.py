"""Glue job runs of a lakehouse, and their processes."""

from datetime import datetime
from typing import Any

import boto3
import psutil

from lakehouse.names import Move
from tests.support.airflow.running_lake import Running


def job_runs(running: Running, move: Move, dataset: str, *, since: datetime) -> list[dict[str, Any]]:
    """Runs of a move's Glue job for a dataset, newest first."""
    found = boto3.client("glue").get_job_runs(JobName=running.lake.names.job(move))["JobRuns"]
    return [dict(run) for run in found if run["Arguments"]["--dataset"] == dataset and run["StartedOn"] >= since]


def process_of(running: Running, job_run: str) -> psutil.Process | None:
    """The process of a Glue job run, which works in a folder of its own; None if there is none now."""
    folder = running.lake.server.root / "tmp" / "glue" / job_run
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None
