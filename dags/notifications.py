"""Notifications about datasets, models and sources that failed or recovered, with the next command to run.

Each failure is notified once, even if many runs fail with it: the Airflow variable `failing-<subject>` stores the
reason until the subject recovers.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from airflow.sdk import Variable

from dags import deployment
from dags.failures import is_same_failure
from dags.releases import RELEASE
from lakehouse.engine import notification
from lakehouse.names import Urgency

if TYPE_CHECKING:
    from airflow.sdk import Context


def on_failure(context: "Context") -> None:
    """Notify that a task failed after its last retry; Airflow calls it as `on_failure_callback`."""
    instance = context["ti"]
    subject = _subject(context)
    reason = str(context.get("exception") or "no error message: the process of the task ended or timed out")
    if is_same_failure(notified_reason(subject), reason):
        return
    batches = instance.xcom_pull(task_ids=f"{subject}.arrival") or {}
    effect, next_step = _effect_and_next_step(instance.task_id, subject)
    notification.send(
        boto3.client("sns"),
        deployment.names(),
        urgency=Urgency.CRITICAL,
        subject=f"{subject} is stopped: {instance.task_id} failed",
        lines={
            "dataset, model or source": subject,
            "batches": ", ".join(filter(None, batches.values())) if isinstance(batches, Mapping) else "",
            "task": f"{instance.task_id} of {instance.dag_id}, run {instance.run_id}, try {instance.try_number}",
            "reason": reason,
            "readers": effect,
            "next step": next_step,
            "log": instance.log_url,
        },
    )
    Variable.set(_key(subject), reason)


def recovered(context: "Context") -> None:
    """Notify that a dataset, model or source works again, if its failure was notified."""
    subject = _subject(context)
    if (reason := notified_reason(subject)) is None:
        return
    instance = context["ti"]
    notification.send(
        boto3.client("sns"),
        deployment.names(),
        urgency=Urgency.CRITICAL,
        subject=f"{subject} works again",
        lines={"run": f"{instance.run_id} of {instance.dag_id}", "earlier failure": reason},
    )
    Variable.delete(_key(subject))


def notified_reason(subject: str) -> str | None:
    """Return the reason of the failure that was notified and has not recovered yet; None if there is none."""
    reason: str | None = Variable.get(_key(subject), default=None)
    return reason


def _subject(context: "Context") -> str:
    """Return the dataset, the model or the source of a task."""
    group, _, task = context["ti"].task_id.rpartition(".")
    return group if group and group != "models" else str(task)


def _key(subject: str) -> str:
    return f"failing-{subject}"


def _effect_and_next_step(task_id: str, subject: str) -> tuple[str, str]:
    """Return what readers see after a failure, and what to do."""
    if task_id.endswith("_gate"):
        effect = (
            "the blocked batch is in raw only; integration and models do not contain it"
            if task_id.endswith(".raw_gate")
            else "integration and models show the last states that passed; the batch is in raw only"
        )
        rerun = f"`lakehouse rerun {subject} BATCH`; `lakehouse status {subject}` shows the batch"
        return effect, f"fix the source data or the contract, then run {rerun}"
    if task_id.startswith("source-"):
        return (
            "no new data arrives; the tables show the data that arrived before",
            "fix the connection to the source; no data is lost, and the next scheduled run continues",
        )
    if task_id.startswith("models."):
        return (
            "the table of the model keeps the last rows that passed all its tests; so do the models that read it",
            "fix the model or the data that the failed test names, then clear the failed task",
        )
    if task_id == RELEASE:
        return (
            "the tables show the rows of this run, but `lakehouse query --as-of` does not know this state yet",
            "fix the cause; the next run that moves or builds something records the release, no data is lost",
        )
    command = f"lakehouse {'pull' if task_id.endswith('.pull') else 'run'} {subject}"
    return (
        "the tables show the data of the last successful moves",
        f"fix the cause, then clear the failed task or run `{command}`; no data is lost, and none is loaded twice",
    )
