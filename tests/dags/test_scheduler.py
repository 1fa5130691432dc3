"""`lakehouse local airflow`: healthy, runs a DAG by its scheduler, and is gone after `down`."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from local import airflow
from local.airflow import Airflow
from tests.dags.lake import Running
from tests.e2e import tables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.usefixtures("aws")]


@pytest.fixture(scope="module")
def started(running: Running) -> Iterator[Airflow]:
    server, contracts = running.lake.server, running.airflow.home / "contracts"
    yield airflow.up(server, running.lake.database, contracts=contracts)
    airflow.down(server.root)


def ask(started: Airflow, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Call Airflow's API as its page does."""
    token = _call(f"{started.url}/auth/token", "GET", None, {})["access_token"]
    return _call(f"{started.url}/api/v2/{path}", method, body, {"Authorization": f"Bearer {token}"})


def _call(url: str, method: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - on 127.0.0.1
        url, data=data, method=method, headers={**headers, "Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
        return json.load(response)


def test_its_scheduler_runs_a_dag_to_the_end(started: Airflow, running: Running) -> None:
    running.send("carriers", "11,", "12,")
    assert ask(started, "GET", "importErrors")["total_entries"] == 0
    ask(started, "PATCH", "dags/shipping", {"is_paused": False})  # its schedule starts a run at once
    deadline = time.monotonic() + 600
    while not (runs := ask(started, "GET", "dags/shipping/dagRuns")["dag_runs"]) or runs[0]["end_date"] is None:
        assert time.monotonic() < deadline, runs
        time.sleep(1)
    ask(started, "PATCH", "dags/shipping", {"is_paused": True})
    run = runs[0]["dag_run_id"]
    instances = ask(started, "GET", f"dags/shipping/dagRuns/{run}/taskInstances")["task_instances"]
    ended = {item["task_id"]: item["state"] for item in instances}
    assert {state for task, state in ended.items() if task.startswith("carriers.")} == {"success"}
    carriers = tables.integration(running.contract("carriers"), names=running.lake.names)
    assert {(11, None), (12, None)} <= set(carriers)


def test_it_listens_on_the_loopback_alone(started: Airflow) -> None:
    assert started.url.startswith("http://127.0.0.1:")
    listening = {
        connection.laddr.ip
        for process in airflow.processes(started.home)
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_down_leaves_none_of_its_processes_also_after_a_crash(started: Airflow, running: Running) -> None:
    before = list(airflow.processes(started.home))
    assert len(before) > 4
    for process in before:  # those that lead leave their own behind
        if os.getsid(process.pid) == process.pid:
            process.send_signal(signal.SIGKILL)
    assert airflow.status(running.lake.server.root) is None
    assert airflow.down(running.lake.server.root)
    assert list(airflow.processes(started.home)) == []
    _, alive = psutil.wait_procs(before, timeout=10)
    assert not alive
    assert not airflow.down(running.lake.server.root)
