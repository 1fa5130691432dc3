"""`make demo ORCHESTRATOR=airflow`, and what Airflow's page shows of it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from emulator.runtime import server_lifecycle
from lakehouse.contracts.loader import load_contracts
from local import lake
from local.airflow import dag_runs, lifecycle
from local.airflow.lifecycle import Airflow
from local.demo import __main__
from local.lake import Lake
from tests.support.demo import mart, tables
from tests.support.screenshots import keep

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

DAG = "sales"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The lakehouse as the demo leaves it; the process's AWS variables point at it."""
    before = dict(os.environ)
    root = tmp_path_factory.mktemp("demo") / "lake"
    try:
        __main__.main(root, by_airflow=True)
        yield lake.up(root)
    finally:
        lake.down(root)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def aws(shown: Lake) -> server_lifecycle.Server:
    """In place of the bare server of the other suites."""
    return shown.server


@pytest.fixture
def orchestrator(shown: Lake) -> Airflow:
    found = lifecycle.status(shown.server.root)
    assert found is not None
    return found


@pytest.mark.usefixtures("aws")
def test_the_demo_by_airflow_ends_as_the_demo_does(shown: Lake) -> None:
    for contract in load_contracts("contracts"):
        if contract.source.name == lake.SOURCE:
            expected = tables.source(contract, shown.database.conninfo)
            assert len(expected) > 100
            assert tables.integration(contract, names=shown.names) == expected, contract.dataset
    assert mart.of_lakehouse(shown.names) == mart.of_database(shown.database.conninfo)


def test_a_domain_is_a_graph_whose_tasks_are_all_green(orchestrator: Airflow, page: Page, tmp_path: Path) -> None:
    first = dag_runs.call(orchestrator, "GET", f"dags/{DAG}/dagRuns?order_by=run_after")["dag_runs"][0]["dag_run_id"]
    ran = [task.task_id for task in dag_runs.tasks(orchestrator, DAG, first)]
    assert len(ran) > 30
    page.add_init_script(f"localStorage.setItem('dag_view-{DAG}', '\"graph\"')")
    page.goto(f"{orchestrator.url}/dags/{DAG}/runs/{quote(first)}")

    page.get_by_label("Collapse Details Panel").click()
    page.get_by_test_id("expand-all-button").click()
    _bring_into_sight(page, [page.get_by_test_id(f"rf__node-{task}") for task in ran])
    for task in ran:
        node = page.get_by_test_id(f"rf__node-{task}")
        expect(node.get_by_test_id("state-badge")).to_have_text("success", timeout=20_000)
        expect(node).to_contain_text(task.rpartition(".")[2])
    expect(page.get_by_test_id(re.compile("^rf__edge-.*stage_to_raw-.*raw_gate$"))).to_have_count(5)

    page.get_by_test_id("collapse-all-button").click()
    page.set_viewport_size({"width": 1280, "height": 560})
    page.get_by_label("Fit View").click()
    for group in ("customers", "orders", "order_items", "products", "store_sales", "models"):
        expect(page.get_by_test_id(f"rf__node-{group}").get_by_test_id("state-badge")).to_have_text("success")
    page.wait_for_timeout(1000)  # the graph glides to its place
    keep(page, "airflow", tmp_path)


def _bring_into_sight(page: Page, nodes: list[Locator]) -> None:
    """Only what is in sight is drawn, and where that is changes until the graph is laid out."""
    for _ in range(60):
        page.get_by_label("Fit View").click()
        page.wait_for_timeout(1000)
        if all(node.count() for node in nodes):
            return
    raise AssertionError(f"not drawn in a minute: {[str(node) for node in nodes if not node.count()]}")
