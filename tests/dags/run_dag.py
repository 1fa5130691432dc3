"""Run one DAG by `dag.test()` and print how each task ended, as JSON. Runs in .venv-airflow."""

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.execution_time import task_runner

finalize = task_runner.finalize


def finalize_with_exception(ti: Any, state: Any, context: Any, log: Any, error: BaseException | None = None) -> None:
    """Do what a task's own process does before its callbacks, and `dag.test()` in Airflow 3.2 leaves out."""
    context["exception"] = error
    finalize(ti, state, context, log, error)


if __name__ == "__main__":
    folder, dag_id = sys.argv[1:]
    sys.path.insert(0, folder)
    task_runner.finalize = finalize_with_exception
    run = DagBag(folder, include_examples=False).dags[dag_id].test()
    tasks = {instance.task_id: str(instance.state) for instance in run.get_task_instances()}
    print(json.dumps({"state": str(run.state), "tasks": tasks}))  # noqa: T201
