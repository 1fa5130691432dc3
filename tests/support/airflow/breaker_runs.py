"""A source that fails, then does not, called in one DAG run after the other. Runs in .venv-airflow.

Prints for each run how the task ended, whether the source was called, and what the breaker's variable says after it.
"""

import functools
import json
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from airflow.models.variable import Variable
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.execution_time import supervisor
from airflow.utils.session import create_session

from dags import breaker

CALLS, REASON = Path("calls"), Path("reason")


class Call(BaseOperator):
    """Call the source, which fails while there is a file `broken`."""

    def execute(self, context: object) -> None:
        try:
            with breaker.calls("flaky"):
                CALLS.write_text(CALLS.read_text() + "x" if CALLS.exists() else "x")
                if Path("broken").exists():
                    raise ConnectionError("the source is down")
        except Exception as error:
            REASON.write_text(f"{type(error).__name__}: {error}")
            raise


with DAG("flaky", schedule=None) as dag:
    Call(task_id="call")


def run() -> dict[str, object]:
    before = len(CALLS.read_text()) if CALLS.exists() else 0
    REASON.write_text("")
    (task,) = dag.test().get_task_instances()
    with create_session() as session:
        kept = session.query(Variable).filter_by(key="breaker-flaky").one_or_none()
        state = json.loads(kept.get_val()) if kept else None
    called = len(CALLS.read_text()) - before
    return {"state": str(task.state), "called": called, "reason": REASON.read_text(), "breaker": state}


if __name__ == "__main__":
    supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)  # one for all tasks
    Path("broken").touch()
    found = [run() for _ in range(breaker.FAILURES + 1)]
    breaker.COOL_DOWN = timedelta(0)
    found.append(run())
    Path("broken").unlink()
    found.append(run())
    print(json.dumps(found))  # noqa: T201
