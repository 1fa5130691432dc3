"""Tasks of one dataset: planning of arrived data, the two moves as Glue job runs, and the gate after each move."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from dags import deployment, notifications, records
from dags.failures import may_be_temporary
from dags.plan import Dataset
from dags.retries import temporary_failures_only
from lakehouse.batches import attempts
from lakehouse.names import Fetch, Move
from lakehouse.operations import planner

if TYPE_CHECKING:
    from airflow.sdk import Context

ARRIVAL, RAW_GATE, INTEGRATION_GATE = "arrival", "raw_gate", "integration_gate"
QUEUE = timedelta(minutes=30)
"""How long a job run may wait for a free slot, in addition to the time-out of its dataset's size."""
GAVE_UP = "max attempts reached"
"""Message of Airflow's trigger when it stops waiting."""


class ArrivalOperator(BaseOperator):
    """Plan batches from the objects that arrived in stage, and return the batches that are due.

    The result contains batch ids by move, joined by commas as the jobs take them. The task is skipped if no batch is
    due, and in a scheduled run while the dataset is paused after failures; a manual run does not wait for the pause.
    """

    def __init__(self, *, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset

    def execute(self, context: "Context") -> dict[str, str]:
        with temporary_failures_only():
            names = deployment.names()
            recorded = records.attempts(self.dataset.name, names=names)
            is_manual = context["dag_run"].run_type == "manual"
            now = datetime.max.replace(tzinfo=UTC) if is_manual else datetime.now(UTC)
            # Pulls have a task of their own.
            planner_input: planner.PlannerInput = {**self.dataset.planner_input, "pull_minutes": 0}
            due = planner.due(boto3.client("s3"), [planner_input], recorded, names=names, now=now)
        if not due:
            until = planner.paused_until(recorded)
            raise AirflowSkipException(
                f"{self.dataset.name}: no job starts before {until:%Y-%m-%d %H:%M} UTC, because the last runs failed; "
                "a run that you trigger yourself does not wait"
                if until is not None and until > now
                else f"{self.dataset.name}: no data waits in stage and no batch is due"
            )
        return due[0]["batches"]


class MoveOperator(GlueJobOperator):
    """Run the Glue job of a move on the batches of an earlier task, and wait for it without occupying a worker.

    If the job run is still active when its task is retried, for example because a worker was lost, the task waits for
    that run and starts no second one. Glue ends a hanging run after the time-out of its dataset's size; if Glue does
    not, the task stops it.
    """

    def __init__(self, *, dataset: Dataset, move: Move | Fetch, batches_from: str, **kwargs: Any) -> None:
        capacity = dataset.planner_input["capacity"]
        longest = timedelta(minutes=capacity["Timeout"]) + QUEUE
        super().__init__(
            run_job_kwargs=dict(capacity),
            aws_conn_id=None,  # use the credentials of Airflow's own processes
            deferrable=True,
            resume_glue_job_on_retry=True,
            stop_job_run_on_kill=True,
            waiter_delay=deployment.poll_seconds(),
            waiter_max_attempts=int(longest.total_seconds() // deployment.poll_seconds()) + 1,
            execution_timeout=longest + timedelta(minutes=5),
            **kwargs,
        )
        self.dataset, self.move, self.batches_from, self.longest = dataset, move, batches_from, longest

    def execute(self, context: "Context") -> str:
        batch_ids = (context["ti"].xcom_pull(task_ids=self.batches_from) or {}).get(self.move, "")
        if not batch_ids:
            raise AirflowSkipException(f"{self.dataset.name}: no batch is due for {self.move}")
        self.job_name = deployment.names().job(self.move)
        self.script_args = {
            "--dataset": self.dataset.name,
            "--batch_ids": batch_ids,
            "--parent": deployment.this_run(context),
        }
        with temporary_failures_only():
            run_id: str = super().execute(context)
        return run_id

    def execute_complete(self, context: "Context", event: dict[str, Any] | None = None) -> str:
        if event is None or event["status"] == "success":
            run_id: str = super().execute_complete(context, event)
            return run_id
        glue, job, run_id = boto3.client("glue"), deployment.names().job(self.move), event["run_id"]
        run = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        state, message = run["JobRunState"], run.get("ErrorMessage") or event["message"]
        gave_up = GAVE_UP in event["message"]
        if gave_up:
            glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
            message = f"it exceeded its time-out of {self.longest} and was stopped"
        reason = f"{state}: {message} (Glue job run {run_id})"
        # A hanging job is likely to hang again, and its hours are paid.
        is_final = gave_up or state == "TIMEOUT" or not may_be_temporary(reason)
        raise (AirflowFailException if is_final else AirflowException)(reason)


class RawGateOperator(BaseOperator):
    """Fail if the gate blocks a batch that was just loaded; else return the batches that are due for integration."""

    def __init__(self, *, dataset: Dataset, arrival: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset, self.arrival = dataset, arrival

    def execute(self, context: "Context") -> dict[str, str]:
        arrived = context["ti"].xcom_pull(task_ids=self.arrival)
        if not arrived:
            raise AirflowSkipException(f"{self.dataset.name}: no batch was due")
        with temporary_failures_only():
            names = deployment.names()
            recorded = records.attempts(self.dataset.name, names=names)
            due = records.due(self.dataset.name, Move.RAW_TO_INTEGRATION, recorded, names=names)
        loaded = arrived[Move.STAGE_TO_RAW].split(",")
        if blocked := [attempt for attempt in attempts.blocked(recorded) if attempt.batch_id in loaded]:
            raise AirflowFailException(records.reasons(blocked, names=names))
        if not due:
            raise AirflowSkipException(f"{self.dataset.name}: no batch is due for integration")
        return {Move.RAW_TO_INTEGRATION: ",".join(due)}


class IntegrationGateOperator(BaseOperator):
    """Succeed, which starts the models, if the dataset changed and no gate blocks it; skip if nothing changed."""

    def __init__(self, *, dataset: Dataset, merge: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset, self.merge = dataset, merge

    def execute(self, context: "Context") -> None:
        with temporary_failures_only():
            names = deployment.names()
            blocked = attempts.blocked(records.attempts(self.dataset.name, names=names))
        if blocked:
            raise AirflowFailException(records.reasons(blocked, names=names))
        notifications.recovered(context)
        if not context["ti"].xcom_pull(task_ids=self.merge):
            raise AirflowSkipException(f"{self.dataset.name}: nothing changed")
