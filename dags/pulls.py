"""The task that pulls a dataset's API, behind the circuit breaker of its source."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk.exceptions import AirflowSkipException

from dags import breaker, deployment, notifications
from dags.moves import MoveOperator
from dags.plan import Dataset
from dags.retries import temporary_failures_only
from lakehouse.batches import pulls
from lakehouse.names import Fetch

if TYPE_CHECKING:
    from airflow.sdk import Context

PULL = "pull"


class PullOperator(MoveOperator):
    """Run the Glue job that pulls new data, and wait for it without occupying a worker.

    The task is skipped in a scheduled run while the next pull is not due yet, and while the breaker of its source is
    open.
    """

    def __init__(self, *, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(dataset=dataset, move=Fetch.API_TO_STAGE, batches_from="", **kwargs)

    def execute(self, context: "Context") -> str:
        name, minutes = self.dataset.name, self.dataset.planner_input["pull_minutes"]
        with temporary_failures_only():
            names = deployment.names()
            if context["dag_run"].run_type != "manual" and not pulls.is_due(
                boto3.client("s3"), names=names, dataset=name, minutes=minutes, now=datetime.now(UTC)
            ):
                raise AirflowSkipException(f"{name}: its API was pulled within the last {minutes} minutes")
        self.job_name = names.job(self.move)
        self.script_args = {"--dataset": name}
        with temporary_failures_only(), breaker.calls(self.dataset.source):
            run_id: str = GlueJobOperator.execute(self, context)
        return run_id

    def execute_complete(self, context: "Context", event: dict[str, Any] | None = None) -> str:
        with breaker.calls(self.dataset.source):
            run_id: str = super().execute_complete(context, event)
        notifications.recovered(context)
        return run_id
