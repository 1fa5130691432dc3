"""`lakehouse local airflow`: its scheduler runs DAGs to their end, whatever hangs or is killed meanwhile."""

import json
import os
import signal
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from lakehouse.names import Move
from local import lake
from local.airflow import dag_runs, lifecycle
from local.airflow.lifecycle import Airflow
from local.demo import __main__, shop
from tests.support.airflow.job_processes import job_runs, process_of
from tests.support.airflow.running_lake import Running, eventually, subscribe, told
from tests.support.demo import mart, tables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.usefixtures("aws")]


def instances(started: Airflow, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
    """Task instances of a DAG run as Airflow's API has them, by task id."""
    found = dag_runs.call(started, "GET", f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
    return {item["task_id"]: item for item in found}


def test_a_job_that_hangs_is_stopped_and_clearing_it_repeats_nothing_else(started: Airflow, running: Running) -> None:
    plan = started.home / "dags" / "plans" / "shipping.json"
    shipping = json.loads(plan.read_text())
    for dataset in shipping["datasets"]:
        dataset["planner_input"]["capacity"]["Timeout"] = 1  # minute; Glue takes no less
    plan.write_text(json.dumps(shipping))
    queue = subscribe(running.lake)
    told(queue)
    running.send("carriers", "11,", "12,")
    running.send("scans", "8,1")
    begun = datetime.now(UTC)

    run = dag_runs.start(started, "shipping")
    (hung,) = eventually(lambda: job_runs(running, Move.STAGE_TO_RAW, "carriers", since=begun))
    process = eventually(lambda: process_of(running, hung["Id"]))
    process.send_signal(signal.SIGSTOP)
    ended = dag_runs.wait(started, "shipping", run)

    assert ended["carriers.stage_to_raw"] == "failed"
    assert {ended[f"scans.{move}"] for move in Move} == {"success"}
    assert [item["JobRunState"] for item in job_runs(running, Move.STAGE_TO_RAW, "carriers", since=begun)] == [
        "TIMEOUT"
    ]
    assert not process.is_running()
    # The rule on failures of Glue tells too, of its run.
    ((subject, text),) = [notice for notice in told(queue) if (notice[0] or "").startswith("lakehouse-dev: ")]
    assert subject == "lakehouse-dev: carriers is stopped: carriers.stage_to_raw failed"
    said = dict(line.split(": ", 1) for line in text.splitlines())
    assert said["dataset, model or source"] == "carriers"
    assert said["batches"].startswith("carriers-0000000")
    assert said["task"].startswith(f"carriers.stage_to_raw of shipping, run {run}")
    assert said["reason"].startswith("TIMEOUT: Job run exceeded its timeout of 1 minutes.")
    assert said["log"].startswith(started.url)
    assert "clear the failed task" in said["next step"]

    before = instances(started, "shipping", run)
    dag_runs.call(
        started, "POST", "dags/shipping/clearTaskInstances", {"dry_run": False, "only_failed": True, "dag_run_id": run}
    )
    ended = dag_runs.wait(started, "shipping", run)
    assert {state for task, state in ended.items() if task.startswith("carriers.")} == {"success"}
    after = instances(started, "shipping", run)
    again = {task for task in after if after[task]["start_date"] != before[task]["start_date"]}
    failed = {task for task in before if before[task]["state"] in ("failed", "upstream_failed")}
    assert again == failed
    assert all(task.startswith("carriers.") for task in failed)
    ((subject, _),) = told(queue)
    assert subject == "lakehouse-dev: carriers works again"
    carriers = tables.integration(running.contract("carriers"), names=running.lake.names)
    assert carriers.count((11, None)) == carriers.count((12, None)) == 1


def test_a_run_whose_scheduler_is_killed_ends_as_any_other(started: Airflow, running: Running) -> None:
    shop.change(running.lake.database.conninfo)
    lake.catch_up(running.lake)
    begun = datetime.now(UTC)
    run = dag_runs.start(started, "sales")
    eventually(lambda: job_runs(running, Move.RAW_TO_INTEGRATION, "customers", since=begun))
    killed = scheduler(started)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=10)
    assert {item["state"] for item in instances(started, "sales", run).values()} - set(dag_runs.ENDED)
    assert lifecycle.status(running.lake.server.root) is None

    again = lifecycle.up(running.lake.server, running.lake.database, contracts=running.airflow.home / "contracts")
    assert again == started
    ended = dag_runs.wait(started, "sales", run)
    assert set(ended.values()) <= {"success", "skipped"}, ended
    names, conninfo = running.lake.names, running.lake.database.conninfo
    for dataset in ("customers", "products", "orders", "order_items"):
        contract = running.contract(dataset)
        assert tables.integration(contract, names=names) == tables.source(contract, conninfo), dataset
    assert mart.of_lakehouse(names) == mart.of_database(conninfo)
    # What an undisturbed run leaves: nothing that is still to do, and nothing that doing it again would change.
    sales = [contract for contract in running.contracts if contract.domain == "sales"]
    before = tables.snapshots(sales, names=names)
    assert __main__.move(running.lake, sales) == "0 job runs"
    assert tables.snapshots(sales, names=names) == before


def scheduler(started: Airflow) -> psutil.Process:
    sessions = json.loads((started.home / "sessions.json").read_text())
    return psutil.Process(dict(zip(("migrate", *lifecycle.COMPONENTS), sessions, strict=True))["scheduler"])


def test_it_listens_on_the_loopback_alone(started: Airflow) -> None:
    assert started.url.startswith("http://127.0.0.1:")
    listening = {
        connection.laddr.ip
        for process in lifecycle.processes(started.home)
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_down_leaves_none_of_its_processes_also_after_a_crash(started: Airflow, running: Running) -> None:
    before = list(lifecycle.processes(started.home))
    assert len(before) > 4
    for process in before:  # those that lead leave their own behind
        if os.getsid(process.pid) == process.pid:
            process.send_signal(signal.SIGKILL)
    assert lifecycle.status(running.lake.server.root) is None
    assert lifecycle.down(running.lake.server.root)
    assert list(lifecycle.processes(started.home)) == []
    _, alive = psutil.wait_procs(before, timeout=10)
    assert not alive
    assert not lifecycle.down(running.lake.server.root)
