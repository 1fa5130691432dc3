"""Whole DAG runs against the embedded AWS: real jobs, real dbt, and tables that say what the sources say."""

import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lakehouse.names import Move
from local.demo import page_views
from tests.support.airflow.job_processes import job_runs, process_of
from tests.support.airflow.running_lake import Running, eventually, subscribe, told
from tests.support.demo import mart, tables

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200), pytest.mark.usefixtures("aws")]

LOAD = Move.STAGE_TO_RAW


def of(tasks: Mapping[str, str], dataset: str) -> list[str]:
    """How the tasks of a dataset ended, in their order."""
    steps = ("arrival", "stage_to_raw", "raw_gate", "raw_to_integration", "integration_gate")
    return [tasks[f"{dataset}.{step}"] for step in steps]


def test_a_gate_that_fails_stops_its_own_branch_and_is_told_once(running: Running) -> None:
    queue = subscribe(running.lake)
    running.send("parcels", "1,")
    running.send("scans", "7,1")
    running.send("carriers", "3,")

    tasks = running.run("shipping", state="failed")
    assert of(tasks, "parcels") == ["success"] * 4 + ["failed"]
    assert of(tasks, "scans") == ["success"] * 3 + ["upstream_failed"] * 2
    assert of(tasks, "carriers") == ["success"] * 5
    ((subject, text),) = told(queue)
    assert subject == "lakehouse-dev: parcels is stopped: parcels.integration_gate failed"
    assert "batches: parcels-00000001" in text
    assert "enough" in text
    assert "task: parcels.integration_gate of shipping, run manual__" in text
    assert "lakehouse rerun parcels BATCH" in text
    assert "log: http" in text

    tasks = running.run("shipping", state="failed")
    assert of(tasks, "parcels") == ["skipped"] * 4 + ["failed"]
    assert of(tasks, "carriers") == ["skipped"] * 5
    assert told(queue) == []

    running.send("parcels", "2,", "3,")
    tasks = running.run("shipping", state="success")
    assert of(tasks, "parcels") == ["success"] * 5
    assert of(tasks, "scans") == ["success", "skipped", "success", "success", "success"]
    notifications = told(queue)
    assert [subject for subject, _ in notifications] == ["lakehouse-dev: parcels works again"], notifications
    assert "enough" in notifications[0][1]


def test_a_job_that_nobody_ends_is_stopped_by_airflow(running: Running) -> None:
    queue = subscribe(running.lake)
    told(queue)
    running.send("carriers", "4,")
    begun = datetime.now(UTC)
    seconds = ("carriers.stage_to_raw", "waiter_max_attempts", 20)
    with ThreadPoolExecutor(max_workers=1) as pool:
        ended = pool.submit(running.run, "shipping", state="failed", attributes=[seconds])
        (hung,) = eventually(lambda: job_runs(running, LOAD, "carriers", since=begun))
        process = eventually(lambda: process_of(running, hung["Id"]))
        process.send_signal(signal.SIGSTOP)
        tasks = ended.result()
    assert of(tasks, "carriers") == ["success", "failed", *["upstream_failed"] * 3]
    eventually(lambda: not process.is_running())
    eventually(lambda: [run["JobRunState"] for run in job_runs(running, LOAD, "carriers", since=begun)] == ["STOPPED"])
    notifications = told(queue)
    subjects = [subject for subject, _ in notifications]
    assert subjects == ["lakehouse-dev: carriers is stopped: carriers.stage_to_raw failed"], notifications
    assert "was over and it was stopped" in notifications[0][1]


def test_events_arrive_as_they_were_sent(running: Running) -> None:
    tasks = running.run("web", state="success")
    assert set(tasks.values()) == {"success"}
    sent = [event for event in page_views.hour(1).events if event.kind == "view"]
    assert len(tables.integration(running.contract("page_views"), names=running.lake.names)) == len(sent) > 100


def test_the_shop_arrives_as_it_is_and_its_mart_adds_up(running: Running) -> None:
    tasks = running.run("sales", state="success")
    assert set(tasks.values()) == {"success"}
    conninfo, names = running.lake.database.conninfo, running.lake.names
    for dataset in ("customers", "products", "orders", "order_items"):
        contract = running.contract(dataset)
        expected = tables.source(contract, conninfo)
        assert len(expected) > 100
        assert tables.integration(contract, names=names) == expected
    assert mart.of_lakehouse(names) == mart.of_database(conninfo)
