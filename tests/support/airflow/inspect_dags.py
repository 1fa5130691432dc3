"""Parse a DAGs folder as Airflow does and print what is in it, as JSON. Runs in .venv-airflow."""

import json
import sys
import time
from typing import Any

from airflow.dag_processing.dagbag import DagBag


def described(task: Any) -> dict[str, Any]:
    return {
        "upstream": sorted(task.upstream_task_ids),
        "trigger_rule": str(task.trigger_rule),
        "retries": task.retries,
        "timeout_s": task.execution_timeout.total_seconds() if task.execution_timeout else None,
        "backs_off": bool(task.retry_exponential_backoff),
        "callbacks": [callback.__name__ for callback in task.on_failure_callback],
        "outlets": [outlet.uri for outlet in task.outlets],
        "deferrable": getattr(task, "deferrable", None),
        "mode": getattr(task, "mode", None),
    }


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    before = time.process_time()
    bag = DagBag(sys.argv[1])
    seconds = time.process_time() - before
    found = {
        "errors": bag.import_errors,
        "cpu_seconds": seconds,
        "dags": {dag.dag_id: {task.task_id: described(task) for task in dag.tasks} for dag in bag.dags.values()},
    }
    print(json.dumps(found))  # noqa: T201
