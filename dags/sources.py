"""Tasks that check whether a source database delivers, each behind the circuit breaker of its source.

Sources that put files or streams into stage themselves have no such task.
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
"""States in which a replication stays until it is started. Source: AWS DMS user guide, "Task status"."""


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
                f"the replication of {self.source} is {status}: {why or 'DMS gives no reason'}. Read its log in the "
                "DMS console, fix the cause, then run `aws dms start-replication --start-replication-type "
                "resume-processing`"
            )
        self.log.info("replication of %s is %s, full load %s %%", self.source, status, loaded)
        return status == "running" and loaded == 100


def _state(replication: str) -> tuple[str, int, str]:
    """Return status, progress of the full load in percent, and failure reason of a replication.

    It may run on DMS Serverless or on an instance.

    Raises:
        LakehouseError: the replication does not exist.
    """
    dms = boto3.client("dms")
    serverless = dms.describe_replications(Filters=[{"Name": "replication-config-id", "Values": [replication]}])[
        "Replications"
    ]
    for config in serverless:
        loaded = config.get("ReplicationStats", {}).get("FullLoadProgressPercent", 0)
        return config["Status"], loaded, "; ".join(config.get("FailureMessages", []))
    try:
        tasks = dms.describe_replication_tasks(Filters=[{"Name": "replication-task-id", "Values": [replication]}])
    except dms.exceptions.ResourceNotFoundFault as error:
        raise LakehouseError(f"replication {replication} does not exist; `cdk deploy --all` creates it") from error
    (task,) = tasks["ReplicationTasks"]
    loaded = task.get("ReplicationTaskStats", {}).get("FullLoadProgressPercent", 0)
    return task["Status"], loaded, task.get("LastFailureMessage", "")
