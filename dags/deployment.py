"""Which deployment the tasks work on: what the environment of Airflow's processes says."""

import os
from typing import TYPE_CHECKING

from lakehouse.names import Names
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from airflow.sdk import Context

ENVIRONMENT = "LAKEHOUSE_ENV"
POLL_SECONDS = "LAKEHOUSE_POLL_SECONDS"
"""Setting: how often a running Glue job or replication is looked at; 30 without it."""


def names() -> Names:
    """Names of the deployment; asks AWS for the account, so tasks call it and DAG files do not."""
    return names_of(os.environ.get(ENVIRONMENT, "dev"))


def this_run(context: "Context") -> str:
    """`job/run` of the task, as the lineage of what it starts names it."""
    return f"{context['ti'].dag_id}.{context['ti'].task_id}/{context['ti'].run_id}"


def poll_seconds() -> int:
    return int(os.environ.get(POLL_SECONDS, "30"))
