"""DAG runs of the laptop's Airflow, by its REST API: start them, watch them, see how their tasks ended."""

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
ENDED = ("success", "failed", "upstream_failed", "skipped", "removed")


class Task(NamedTuple):
    """How a task of a DAG run stands: `state` is Airflow's, "" is not begun."""

    dag_id: str
    run_id: str
    task_id: str
    state: str


def run_all(airflow: Airflow, *, on_end: Callable[[Task], None]) -> list[Task]:
    """Run every DAG once, side by side, and those that their assets start; wait until all have ended.

    Args:
        airflow: which Airflow.
        on_end: told of each task when it ended.

    Returns:
        the tasks of these runs.

    Raises:
        LakehouseError: tasks failed, or runs took too long; names them and says where their logs are.
    """
    dags = [_known(airflow, plan.stem) for plan in sorted((airflow.home / "dags" / "plans").glob("*.json"))]
    by_assets = [dag["dag_id"] for dag in dags if "Asset" in dag["timetable_summary"]]
    for dag_id in by_assets:
        ask(airflow, "PATCH", f"dags/{dag_id}", {"is_paused": False})
    before = {run["dag_run_id"] for dag_id in by_assets for run in _runs(airflow, dag_id)}
    started = [(dag["dag_id"], start(airflow, dag["dag_id"])) for dag in dags if dag["dag_id"] not in by_assets]
    seen: set[Task] = set()
    deadline = time.monotonic() + RUN_SECONDS
    while True:
        # What waits for a run is asked for first: else it could become one between the two questions.
        waits = [dag_id for dag_id in by_assets if _queued(airflow, dag_id)]
        new = [(of, run["dag_run_id"]) for of in by_assets for run in _runs(airflow, of)]
        runs = started + [run for run in new if run[1] not in before]
        ended = [_ended(airflow, *run) for run in runs]
        found = [task for run in runs for task in tasks(airflow, *run)]
        for task in found:
            if task.state in ENDED and task not in seen:
                seen.add(task)
                on_end(task)
        if not waits and all(ended):
            break
        if time.monotonic() > deadline:
            left = ", ".join(f"{task.dag_id} {task.task_id}" for task in found if task.state not in ENDED)
            raise LakehouseError(f"not done within {RUN_SECONDS:.0f} s: {left}; logs: {airflow.home / 'logs'}")
        time.sleep(POLL_SECONDS)
    if failed := [f"{task.dag_id}: {task.task_id}" for task in found if task.state == "failed"]:
        raise LakehouseError(f"failed: {'; '.join(failed)}: see {airflow.url} or {airflow.home / 'logs'}")
    return found


def start(airflow: Airflow, dag_id: str) -> str:
    """Start a run of a DAG; one that was paused is switched on, and then starts one by its schedule.

    Returns:
        id of the run.

    Raises:
        LakehouseError: Airflow has not read the DAG, or did not start a run.
    """
    dag = _known(airflow, dag_id)
    if not dag["is_paused"]:
        run_id: str = ask(airflow, "POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"]
        return run_id
    before, deadline = {run["dag_run_id"] for run in _runs(airflow, dag_id)}, time.monotonic() + START_SECONDS
    ask(airflow, "PATCH", f"dags/{dag_id}", {"is_paused": False})
    while not (new := [run["dag_run_id"] for run in _runs(airflow, dag_id) if run["dag_run_id"] not in before]):
        _wait(deadline, f"{dag_id} was switched on, and no run began; the scheduler's log: {airflow.home / 'logs'}")
    return str(new[0])


def wait(airflow: Airflow, dag_id: str, run_id: str) -> dict[str, str]:
    """Wait for the end of a DAG run.

    Returns:
        how each task ended.
    """
    deadline = time.monotonic() + RUN_SECONDS
    while not _ended(airflow, dag_id, run_id):
        _wait(deadline, f"run {run_id} of {dag_id} did not end; logs: {airflow.home / 'logs'}")
    return {task.task_id: task.state for task in tasks(airflow, dag_id, run_id)}


def tasks(airflow: Airflow, dag_id: str, run_id: str) -> list[Task]:
    """The tasks of a DAG run as they stand now."""
    found = ask(airflow, "GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000")["task_instances"]
    return [Task(dag_id, run_id, task["task_id"], task["state"] or "") for task in found]


def ask(airflow: Airflow, method: str, path: str, body: Json | None = None) -> Any:
    """Call Airflow's API as its page does.

    Raises:
        LakehouseError: it refused; says why in its words.
    """
    return _call(method, f"{airflow.url}/api/v2/{path}", body, {"Authorization": f"Bearer {_token(airflow.url)}"})


@cache
def _token(url: str) -> str:
    """A token of Airflow's API: good for a day, also after a restart, as its key is in Airflow's home."""
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
        said = error.read(2000).decode(errors="replace")
        raise LakehouseError(f"Airflow refused {method} {url} with {error.code}: {said}") from error


def _known(airflow: Airflow, dag_id: str) -> Json:
    """A DAG as Airflow knows it, which reads new files every few seconds."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        for dag in ask(airflow, "GET", "dags?limit=1000")["dags"]:
            if dag["dag_id"] == dag_id:
                return dict(dag)
        errors = ask(airflow, "GET", "importErrors")["import_errors"]
        reasons = "; ".join(f"{error['filename']}: {error['stack_trace']}" for error in errors)
        _wait(deadline, f"Airflow knows no DAG {dag_id}; files that it could not read: {reasons or 'none'}")


def _runs(airflow: Airflow, dag_id: str) -> list[Json]:
    found: list[Json] = ask(airflow, "GET", f"dags/{dag_id}/dagRuns?limit=1000")["dag_runs"]
    return found


def _ended(airflow: Airflow, dag_id: str, run_id: str) -> bool:
    return ask(airflow, "GET", f"dags/{dag_id}/dagRuns/{run_id}")["end_date"] is not None


def _queued(airflow: Airflow, dag_id: str) -> bool:
    """Whether assets changed that have not started a run of the DAG yet."""
    return bool(ask(airflow, "GET", f"dags/{dag_id}/assets/queuedEvents")["total_entries"])


def _wait(deadline: float, problem: str) -> None:
    if time.monotonic() > deadline:
        raise LakehouseError(problem)
    time.sleep(POLL_SECONDS)
