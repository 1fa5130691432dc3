"""What people are told: that a dataset, model or source stands still and what to do, and that it goes on again.

A failure is told once, however many runs meet it: the Airflow variable `failing-<subject>` remembers it until recovery.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from airflow.sdk import Variable

from dags import deployment
from dags.failures import same
from lakehouse.names import Names, Urgency

if TYPE_CHECKING:
    from airflow.sdk import Context

SUBJECT_LIMIT = 100  # Amazon SNS API reference, "Publish"


def on_failure(context: "Context") -> None:
    """Tell that a task failed for good; Airflow calls it as `on_failure_callback`."""
    instance = context["ti"]
    subject = _subject(context)
    reason = str(context.get("exception") or "no reason given: its process ended, or its time was over")
    if same(told(subject), reason):
        return
    batches = instance.xcom_pull(task_ids=f"{subject}.arrival") or {}
    _publish(
        deployment.names(),
        subject=f"{subject} stands still: {instance.task_id} failed",
        lines={
            "dataset or model": subject,
            "batches": ", ".join(filter(None, batches.values())) if isinstance(batches, Mapping) else "",
            "task": f"{instance.task_id} of {instance.dag_id}, run {instance.run_id}, try {instance.try_number}",
            "reason": reason,
            "log": instance.log_url,
            "to do": _to_do(instance.task_id, subject),
        },
    )
    Variable.set(_key(subject), reason)


def recovered(context: "Context") -> None:
    """Tell that what failed goes on again, if it was told that it failed."""
    subject = _subject(context)
    if (reason := told(subject)) is None:
        return
    instance = context["ti"]
    _publish(
        deployment.names(),
        subject=f"{subject} goes on again",
        lines={"run": f"{instance.run_id} of {instance.dag_id}", "it had failed with": reason},
    )
    Variable.delete(_key(subject))


def told(subject: str) -> str | None:
    """The failure of a subject that people know of."""
    reason: str | None = Variable.get(_key(subject), default=None)
    return reason


def _subject(context: "Context") -> str:
    """What a task is about: its dataset, its model or its source."""
    group, _, task = context["ti"].task_id.rpartition(".")
    return group if group and group != "models" else str(task)


def _key(subject: str) -> str:
    return f"failing-{subject}"


def _to_do(task_id: str, subject: str) -> str:
    if task_id.endswith("_gate"):
        return f"mend the source or the contract, then `lakehouse rerun {subject} BATCH`; `lakehouse status` names it"
    if task_id.startswith("source-"):
        return "mend the connection to the source; nothing is lost meanwhile, and the next run goes on"
    if task_id.startswith("models."):
        return "mend the model or the data that its test names, then clear the failed task; the table is as it was"
    return "mend what the reason says, then clear the failed task: it takes up what is left and doubles nothing"


def _publish(names: Names, *, subject: str, lines: Mapping[str, Any]) -> None:
    topic = f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic(Urgency.CRITICAL)}"
    boto3.client("sns").publish(
        TopicArn=topic,
        Subject=f"{names.prefix}: {subject}"[:SUBJECT_LIMIT],
        Message="\n".join(f"{name}: {said}" for name, said in lines.items() if said),
    )
