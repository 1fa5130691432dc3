"""Run one DAG by `dag.test()` and print how each task ended, as JSON. Runs in .venv-airflow.

Its arguments are the DAGs folder, the DAG, and attributes of tasks to be set before, as JSON: task, attribute, value.
"""

import functools
import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.execution_time import supervisor, task_runner

finalize = task_runner.finalize


def finalize_with_exception(ti: Any, state: Any, context: Any, log: Any, error: BaseException | None = None) -> None:
    """Do what a task's own process does before its callbacks, and `dag.test()` in Airflow 3.2 leaves out."""
    context["exception"] = error
    finalize(ti, state, context, log, error)


if __name__ == "__main__":
    folder, dag_id, attributes = sys.argv[1:]
    sys.path.insert(0, folder)
    task_runner.finalize = finalize_with_exception
    # Airflow 3.2 makes a web application for every task, which takes seconds of CPU each.
    supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)
    dag = DagBag(folder).dags[dag_id]
    for task_id, attribute, value in json.loads(attributes):
        setattr(dag.get_task(task_id), attribute, value)
    run = dag.test()
    tasks = {instance.task_id: str(instance.state) for instance in run.get_task_instances()}
    print(json.dumps({"state": str(run.state), "tasks": tasks}))  # noqa: T201
