"""Tasks of one dataset: what arrived, the two moves as Glue job runs, and the gate after each."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from dags import deployment, notifications, records
from dags.failures import may_pass
from dags.plan import Dataset
from dags.retries import only_what_may_pass
from lakehouse.batches import attempts
from lakehouse.names import Fetch, Move
from lakehouse.operations import planner

if TYPE_CHECKING:
    from airflow.sdk import Context

ARRIVAL, RAW_GATE, INTEGRATION_GATE = "arrival", "raw_gate", "integration_gate"
QUEUE = timedelta(minutes=30)
"""How long a job run may wait for its place, beyond the time that its dataset's size gives it."""
GAVE_UP = "max attempts reached"
"""How Airflow's trigger says that it does not wait any longer."""


class ArrivalOperator(BaseOperator):
    """Write down what arrived in stage as batches, and tell which batches each move has to do.

    Returns batch ids by move, joined by commas as the jobs take them. Skipped when nothing is to be done, and, in a
    scheduled run, while a dataset that failed lately is left alone; a run that somebody starts does not wait for that.
    """

    def __init__(self, *, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset

    def execute(self, context: "Context") -> dict[str, str]:
        with only_what_may_pass():
            names = deployment.names()
            done = records.attempts(self.dataset.name, names=names)
            by_hand = context["dag_run"].run_type == "manual"
            now = datetime.max.replace(tzinfo=UTC) if by_hand else datetime.now(UTC)
            asked: planner.Asked = {**self.dataset.asked, "pull_minutes": 0}  # pulls have a task of their own
            found = planner.due(boto3.client("s3"), [asked], done, names=names, now=now)
        if not found:
            until = planner.paused_until(done)
            raise AirflowSkipException(
                f"{self.dataset.name}: nothing is started before {until:%Y-%m-%d %H:%M} UTC, for its last runs failed; "
                "a run that you trigger does not wait"
                if until is not None and until > now
                else f"{self.dataset.name}: nothing waits"
            )
        return found[0]["batches"]


class MoveOperator(GlueJobOperator):
    """Run a move's Glue job on the batches that a task before it named, and wait for it without holding a worker.

    A job run that still goes on when its task is tried again, say because a worker was lost, is taken up, not doubled.
    One that hangs is ended by Glue after the time of its dataset's size, or stopped here if Glue does not.
    """

    def __init__(self, *, dataset: Dataset, move: Move | Fetch, told_by: str, **kwargs: Any) -> None:
        capacity = dataset.asked["capacity"]
        longest = timedelta(minutes=capacity["Timeout"]) + QUEUE
        super().__init__(
            run_job_kwargs=dict(capacity),
            aws_conn_id=None,  # the role or the variables of Airflow's own processes
            deferrable=True,
            resume_glue_job_on_retry=True,
            stop_job_run_on_kill=True,
            waiter_delay=deployment.poll_seconds(),
            waiter_max_attempts=int(longest.total_seconds() // deployment.poll_seconds()) + 1,
            execution_timeout=longest + timedelta(minutes=5),
            **kwargs,
        )
        self.dataset, self.move, self.told_by, self.longest = dataset, move, told_by, longest

    def execute(self, context: "Context") -> str:
        batch_ids = (context["ti"].xcom_pull(task_ids=self.told_by) or {}).get(self.move, "")
        if not batch_ids:
            raise AirflowSkipException(f"{self.dataset.name}: no batch waits for {self.move}")
        self.job_name = deployment.names().job(self.move)
        self.script_args = {
            "--dataset": self.dataset.name,
            "--batch_ids": batch_ids,
            "--parent": deployment.this_run(context),
        }
        with only_what_may_pass():
            run_id: str = super().execute(context)
        return run_id

    def execute_complete(self, context: "Context", event: dict[str, Any] | None = None) -> str:
        if event is None or event["status"] == "success":
            run_id: str = super().execute_complete(context, event)
            return run_id
        glue, job, run_id = boto3.client("glue"), deployment.names().job(self.move), event["run_id"]
        run = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        state, said = run["JobRunState"], run.get("ErrorMessage") or event["message"]
        gave_up = GAVE_UP in event["message"]
        if gave_up:
            glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
            said = f"its time of {self.longest} was over and it was stopped"
        reason = f"{state}: {said} (Glue job run {run_id})"
        # A job that hung would only hang again, for hours that are paid.
        raise (AirflowFailException if gave_up or state == "TIMEOUT" or not may_pass(reason) else AirflowException)(
            reason
        )


class RawGateOperator(BaseOperator):
    """Stop the dataset if a batch that was just loaded is blocked; else tell which batches are due in integration."""

    def __init__(self, *, dataset: Dataset, arrival: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset, self.arrival = dataset, arrival

    def execute(self, context: "Context") -> dict[str, str]:
        arrived = context["ti"].xcom_pull(task_ids=self.arrival)
        if not arrived:
            raise AirflowSkipException(f"{self.dataset.name}: nothing was to be moved")
        with only_what_may_pass():
            names = deployment.names()
            done = records.attempts(self.dataset.name, names=names)
            due = records.due(self.dataset.name, Move.RAW_TO_INTEGRATION, done, names=names)
        loaded = arrived[Move.STAGE_TO_RAW].split(",")
        if blocked := [attempt for attempt in attempts.blocked(done) if attempt.batch_id in loaded]:
            raise AirflowFailException(records.reasons(blocked, names=names))
        if not due:
            raise AirflowSkipException(f"{self.dataset.name}: no batch is due in integration")
        return {Move.RAW_TO_INTEGRATION: ",".join(due)}


class IntegrationGateOperator(BaseOperator):
    """Let on what depends on the dataset, if it changed and no gate holds it; skipped if it did not change."""

    def __init__(self, *, dataset: Dataset, merge: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset, self.merge = dataset, merge

    def execute(self, context: "Context") -> None:
        with only_what_may_pass():
            names = deployment.names()
            blocked = attempts.blocked(records.attempts(self.dataset.name, names=names))
        if blocked:
            raise AirflowFailException(records.reasons(blocked, names=names))
        notifications.recovered(context)
        if not context["ti"].xcom_pull(task_ids=self.merge):
            raise AirflowSkipException(f"{self.dataset.name}: nothing changed")
