"""Tasks that ask a source whether it delivers, each behind the circuit breaker of its source.

What sources put to stage by themselves (files, streams) has no such task: for these, what arrived is all there is.
"""

from typing import TYPE_CHECKING, Any

import boto3
from airflow.sdk import BaseSensorOperator

from dags import breaker, deployment, notifications
from lakehouse.errors import LakehouseError

if TYPE_CHECKING:
    from airflow.sdk import Context

DATABASES = ("postgresql", "mysql")
STOPPED = ("created", "ready", "stopped", "failed")
"""States that a replication does not leave by itself. Source: AWS DMS user guide, "Task status"."""


class ReplicationSensor(BaseSensorOperator):
    """Wait until the replication of a source database runs and has loaded its tables once."""

    def __init__(self, *, source: str, **kwargs: Any) -> None:
        super().__init__(mode="reschedule", poke_interval=deployment.poll_seconds(), **kwargs)
        self.source = source

    def execute(self, context: "Context") -> None:
        with breaker.calls(self.source):
            super().execute(context)
        notifications.recovered(context)

    def poke(self, context: "Context") -> bool:
        status, loaded, why = _state(deployment.names().replication(source=self.source))
        if status in STOPPED:
            raise LakehouseError(
                f"replication of {self.source} is {status}: {why or 'no reason given'}; its log in the DMS console "
                "says more; then: aws dms start-replication --start-replication-type resume-processing"
            )
        self.log.info("replication of %s is %s, full load %s %%", self.source, status, loaded)
        return status == "running" and loaded == 100


def _state(replication: str) -> tuple[str, int, str]:
    """Status of a replication, percent of its full load and why it failed; on DMS Serverless or on an instance.

    Raises:
        LakehouseError: there is no such replication.
    """
    dms = boto3.client("dms")
    serverless = dms.describe_replications(Filters=[{"Name": "replication-config-id", "Values": [replication]}])[
        "Replications"
    ]
    for found in serverless:
        loaded = found.get("ReplicationStats", {}).get("FullLoadProgressPercent", 0)
        return found["Status"], loaded, "; ".join(found.get("FailureMessages", []))
    try:
        tasks = dms.describe_replication_tasks(Filters=[{"Name": "replication-task-id", "Values": [replication]}])
    except dms.exceptions.ResourceNotFoundFault as error:
        raise LakehouseError(f"there is no replication {replication}: `cdk deploy --all` makes it") from error
    (task,) = tasks["ReplicationTasks"]
    loaded = task.get("ReplicationTaskStats", {}).get("FullLoadProgressPercent", 0)
    return task["Status"], loaded, task.get("LastFailureMessage", "")
