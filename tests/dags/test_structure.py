"""The DAGs as Airflow parses them: quick, whole, and with the edges that contracts and dbt ask for."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dags.plan import load
from tests.support.airflow.airflow_home import REPOSITORY, Airflow, bundle

STEPS = ["arrival", "stage_to_raw", "raw_gate", "raw_to_integration", "integration_gate"]


def test_every_domain_is_a_dag_without_errors(parsed: Any) -> None:
    assert parsed["errors"] == {}
    assert (
        set(parsed["dags"])
        == {path.name for path in (REPOSITORY / "contracts").iterdir()}
        == {
            "finance",
            "sales",
            "web",
        }
    )


def test_all_files_together_are_parsed_within_a_second(parsed: Any) -> None:
    assert parsed["cpu_seconds"] < 1  # of processor time: what else the machine does is no part of it


def test_every_task_has_retries_a_time_out_and_a_notice(parsed: Any) -> None:
    for dag, tasks in parsed["dags"].items():
        for task_id, task in tasks.items():
            where = f"{dag}.{task_id}"
            assert task["retries"] >= 2, where
            assert task["backs_off"], where
            assert 60 <= task["timeout_s"] <= 6 * 3600, where
            assert task["callbacks"] == ["on_failure"], where


def test_every_dataset_has_its_chain(parsed: Any) -> None:
    for path in (REPOSITORY / "contracts").glob("*/*.odcs.yaml"):
        tasks, dataset = parsed["dags"][path.parent.name], path.name.partition(".")[0]
        for before, after in pairwise(STEPS):
            assert f"{dataset}.{before}" in tasks[f"{dataset}.{after}"]["upstream"]
        assert tasks[f"{dataset}.integration_gate"]["outlets"] == [f"lakehouse://tables/{dataset}"]


def test_an_arrival_waits_for_its_source_database_or_its_pull_alone(parsed: Any) -> None:
    upstream = {
        task_id.partition(".")[0]: task["upstream"]
        for tasks in parsed["dags"].values()
        for task_id, task in tasks.items()
        if task_id.endswith(".arrival")
    }
    assert upstream == {
        **{key: ["source-shop"] for key in ("customers", "products", "orders", "order_items")},
        "exchange_rates": ["exchange_rates.pull"],
        "store_sales": [],
        "page_views": [],
    }


def test_datasets_wait_for_what_their_relationships_name_and_nothing_else(parsed: Any) -> None:
    waits = {
        task_id.partition(".")[0]: [other.partition(".")[0] for other in task["upstream"] if "integration" in other]
        for tasks in parsed["dags"].values()
        for task_id, task in tasks.items()
        if task_id.endswith(".raw_to_integration")
    }
    assert waits == {
        "customers": [],
        "products": [],
        "orders": ["customers"],
        "order_items": ["orders", "products"],
        "store_sales": [],
        "exchange_rates": [],
        "page_views": [],  # its customer_id is another domain's
    }


def test_models_wait_for_what_they_and_their_tests_read(parsed: Any) -> None:
    waits = {
        task_id.removeprefix("models."): [other.removeprefix("models.") for other in task["upstream"]]
        for task_id, task in parsed["dags"]["sales"].items()
        if task_id.startswith("models.")
    }
    gates = [f"{name}.integration_gate" for name in ("customers", "order_items", "orders", "products", "store_sales")]
    assert waits == {
        "int_customer_versions": ["customers.integration_gate"],
        "int_product_versions": ["products.integration_gate"],
        "dim_customer": ["int_customer_versions"],
        "dim_product": ["int_product_versions"],
        "dim_date": gates,
        "fct_order_items": ["dim_customer", "dim_date", "dim_product", *gates[1:3]],
        "fct_store_sales": ["dim_customer", "dim_date", "dim_product", gates[4]],
        "sales_by_region_month": ["dim_customer", "fct_order_items"],
    }


def test_a_release_follows_all_work_and_does_not_decide_how_a_run_ended(parsed: Any) -> None:
    for dag, tasks in parsed["dags"].items():
        work = [task for task in tasks if task.endswith(".integration_gate") or task.startswith("models.")]
        assert tasks["release"]["upstream"] == sorted(work), dag
        assert tasks["release"]["trigger_rule"] == "TriggerRule.ALL_DONE_SETUP_SUCCESS", dag


def test_every_test_of_dbt_is_run_once(airflow: Airflow) -> None:
    models = load(airflow.dags / "plans" / "sales.json").models
    tests = [test for model in models for test in model.tests]
    assert len(tests) == len(set(tests)) > 20
    owners = {test: model.name for model in models for test in model.tests}
    assert owners["sales_by_region_month_adds_up"] == "sales_by_region_month"
    assert owners["relationships_fct_order_items_date_key__date_key__ref_dim_date_"] == "fct_order_items"


def test_nobody_holds_a_worker_while_waiting(parsed: Any) -> None:
    for tasks in parsed["dags"].values():
        for task_id, task in tasks.items():
            if task_id.endswith(("pull", "stage_to_raw", "raw_to_integration")):
                assert task["deferrable"]
            if task_id.startswith("source-"):
                assert task["mode"] == "reschedule"


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "contracts", tmp_path / "contracts")
    contract = tmp_path / "contracts" / "web" / "page_views.odcs.yaml"
    contract.write_text(contract.read_text().replace("value: append", "value: apend"))
    return tmp_path / "contracts"


def test_a_contract_violation_breaks_its_own_domain_alone(faulty: Path, tmp_path: Path, airflow: Airflow) -> None:
    made = bundle(tmp_path / "dags", contracts=faulty)
    assert made.returncode == 1
    assert "page_views.odcs.yaml" in made.stderr
    assert "no DAG builds" not in made.stderr
    found = airflow.run("inspect_dags.py", str(tmp_path / "dags"))
    assert set(found["dags"]) == {"finance", "sales"}
    ((file, error),) = found["errors"].items()
    assert file.endswith("web.py")
    assert "contracts/web/page_views.odcs.yaml:14" in error
    assert "did you mean 'append'?" in error


def test_models_without_a_contract_are_named_and_the_rest_is_made(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "contracts" / "web", tmp_path / "contracts" / "web")
    contract = tmp_path / "contracts" / "web" / "page_views.odcs.yaml"
    contract.write_text(contract.read_text().replace("relationships: [{to: customers.customer_id}]", ""))
    made = bundle(tmp_path / "dags", contracts=tmp_path / "contracts")
    assert made.returncode == 0
    assert made.stdout == "web: 1 datasets, 1 models\n"
    assert "no DAG builds int_customer_versions, " in made.stderr
    assert load(tmp_path / "dags" / "plans" / "web.json").models[0].name == "dim_date"


def test_a_folder_that_is_no_bundle_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.md").write_text("mine")
    made = bundle(tmp_path)
    assert made.returncode == 1
    assert "not a bundle of DAGs" in made.stderr
    assert (tmp_path / "thesis.md").exists()
