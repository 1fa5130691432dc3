"""The last task of a DAG: record the release of a run that moved data or built a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import boto3
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from dags import deployment
from dags.retries import temporary_failures_only
from lakehouse.operations import dbt
from lakehouse.releases.recording import record

if TYPE_CHECKING:
    from airflow.sdk import Context

RELEASE = "release"


class ReleaseOperator(BaseOperator):
    """Record the state of all tables if a task of the run may have changed one; skip if none did any work.

    It is a teardown: it runs also if other tasks failed, and does not decide how the run ended.
    """

    def __init__(self, *, changes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.changes = changes

    def execute(self, context: "Context") -> None:
        if not any(context["ti"].xcom_pull(task_ids=list(self.changes))):
            raise AirflowSkipException("no task of this run moved data or built a model")
        with temporary_failures_only():
            session = boto3.Session(profile_name=dbt.profile())
            release = record(session, deployment.names(), started_by=deployment.this_run(context))
        if release is None:
            raise AirflowSkipException("the last release has the same rows")
        self.log.info("release %s: %s changed", release.release_id, ", ".join(release.changed))
