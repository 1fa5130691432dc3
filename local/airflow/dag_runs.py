"""DAG runs of this machine's Airflow, by its REST API: start them, wait for them, read the states of their tasks."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from lakehouse.errors import LakehouseError
from local.airflow.lifecycle import Airflow

Json = dict[str, Any]

RUN_SECONDS, START_SECONDS, POLL_SECONDS = 1800.0, 120.0, 1.0
END_STATES = ("success", "failed", "upstream_failed", "skipped", "removed")


class Task(NamedTuple):
    """The state of a task in a DAG run, in Airflow's words; empty if it has not started."""

    dag_id: str
    run_id: str
    task_id: str
    state: str


def run_all(airflow: Airflow, *, on_end: Callable[[Task], None]) -> list[Task]:
    """Run every DAG once, at the same time, and the DAGs that their assets trigger; wait until all have ended.

    Args:
        airflow: the Airflow.
        on_end: called with each task when it has ended.

    Returns:
        The tasks of these runs.

    Raises:
        LakehouseError: tasks failed, or runs took too long; the message names them and the folder of logs.
    """
    dags = [_dag(airflow, plan.stem) for plan in sorted((airflow.home / "dags" / "plans").glob("*.json"))]
    by_assets = [dag["dag_id"] for dag in dags if "Asset" in dag["timetable_summary"]]
    for dag_id in by_assets:
        call(airflow, "PATCH", f"dags/{dag_id}", {"is_paused": False})
    before = {run["dag_run_id"] for dag_id in by_assets for run in _runs(airflow, dag_id)}
    started = [(dag["dag_id"], start(airflow, dag["dag_id"])) for dag in dags if dag["dag_id"] not in by_assets]
    seen: set[Task] = set()
    deadline = time.monotonic() + RUN_SECONDS
    while True:
        # Queued events are read before runs: otherwise an event could become a run between the two requests.
        queued = [dag_id for dag_id in by_assets if _queued(airflow, dag_id)]
        new = [(dag_id, run["dag_run_id"]) for dag_id in by_assets for run in _runs(airflow, dag_id)]
        runs = started + [run for run in new if run[1] not in before]
        ended = [_ended(airflow, *run) for run in runs]
        current = [task for run in runs for task in tasks(airflow, *run)]
        for task in current:
            if task.state in END_STATES and task not in seen:
                seen.add(task)
                on_end(task)
        if not queued and all(ended):
            break
        if time.monotonic() > deadline:
            left = ", ".join(f"{task.dag_id} {task.task_id}" for task in current if task.state not in END_STATES)
            raise LakehouseError(f"not done within {RUN_SECONDS:.0f} s: {left}; logs: {airflow.home / 'logs'}")
        time.sleep(POLL_SECONDS)
    if failed := [f"{task.dag_id}: {task.task_id}" for task in current if task.state == "failed"]:
        raise LakehouseError(f"failed: {'; '.join(failed)}: see {airflow.url} or {airflow.home / 'logs'}")
    return current


def start(airflow: Airflow, dag_id: str) -> str:
    """Start a run of a DAG; a paused DAG is enabled, and its schedule then starts a run.

    Returns:
        The id of the run.

    Raises:
        LakehouseError: Airflow has not read the DAG, or did not start a run.
    """
    dag = _dag(airflow, dag_id)
    if not dag["is_paused"]:
        run_id: str = call(airflow, "POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"]
        return run_id
    before, deadline = {run["dag_run_id"] for run in _runs(airflow, dag_id)}, time.monotonic() + START_SECONDS
    call(airflow, "PATCH", f"dags/{dag_id}", {"is_paused": False})
    while not (new := [run["dag_run_id"] for run in _runs(airflow, dag_id) if run["dag_run_id"] not in before]):
        _wait(deadline, f"{dag_id} was enabled, but no run started; the scheduler's log is in {airflow.home / 'logs'}")
    return str(new[0])


def wait(airflow: Airflow, dag_id: str, run_id: str) -> dict[str, str]:
    """Wait for the end of a DAG run.

    Returns:
        The state of each task.
    """
    deadline = time.monotonic() + RUN_SECONDS
    while not _ended(airflow, dag_id, run_id):
        _wait(deadline, f"run {run_id} of {dag_id} did not end; logs: {airflow.home / 'logs'}")
    return {task.task_id: task.state for task in tasks(airflow, dag_id, run_id)}


def tasks(airflow: Airflow, dag_id: str, run_id: str) -> list[Task]:
    """Return the tasks of a DAG run in their current states."""
    instances = call(airflow, "GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000")["task_instances"]
    return [Task(dag_id, run_id, task["task_id"], task["state"] or "") for task in instances]


def call(airflow: Airflow, method: str, path: str, body: Json | None = None) -> Any:
    """Call Airflow's API as its web page does.

    Raises:
        LakehouseError: the API refused the request; the message has its answer.
    """
    return _call(method, f"{airflow.url}/api/v2/{path}", body, {"Authorization": f"Bearer {_token(airflow.url)}"})


@cache
def _token(url: str) -> str:
    """Return a token of Airflow's API, valid for a day, also after a restart: its key is in Airflow's home."""
    token: str = _call("GET", f"{url}/auth/token", None, {})["access_token"]
    return token


def _call(method: str, url: str, body: Json | None, headers: dict[str, str]) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - on 127.0.0.1
        url, data=data, method=method, headers={**headers, "Content-Type": "application/json"}
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        answer = error.read(2000).decode(errors="replace")
        raise LakehouseError(f"Airflow refused {method} {url} with {error.code}: {answer}") from error


def _dag(airflow: Airflow, dag_id: str) -> Json:
    """Return a DAG; wait for it, because Airflow reads new files every few seconds."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        for dag in call(airflow, "GET", "dags?limit=1000")["dags"]:
            if dag["dag_id"] == dag_id:
                return dict(dag)
        errors = call(airflow, "GET", "importErrors")["import_errors"]
        reasons = "; ".join(f"{error['filename']}: {error['stack_trace']}" for error in errors)
        _wait(deadline, f"Airflow has no DAG {dag_id}; import errors: {reasons or 'none'}")


def _runs(airflow: Airflow, dag_id: str) -> list[Json]:
    runs: list[Json] = call(airflow, "GET", f"dags/{dag_id}/dagRuns?limit=1000")["dag_runs"]
    return runs


def _ended(airflow: Airflow, dag_id: str, run_id: str) -> bool:
    return call(airflow, "GET", f"dags/{dag_id}/dagRuns/{run_id}")["end_date"] is not None


def _queued(airflow: Airflow, dag_id: str) -> bool:
    """Return whether assets have changed that have not triggered a run of the DAG yet."""
    return bool(call(airflow, "GET", f"dags/{dag_id}/assets/queuedEvents")["total_entries"])


def _wait(deadline: float, problem: str) -> None:
    if time.monotonic() > deadline:
        raise LakehouseError(problem)
    time.sleep(POLL_SECONDS)
