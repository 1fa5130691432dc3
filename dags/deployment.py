"""The deployment that tasks work on, from the environment variables of Airflow's processes."""

import os
from typing import TYPE_CHECKING

from lakehouse.names import Names
from lakehouse.settings import names_of

if TYPE_CHECKING:
    from airflow.sdk import Context

ENVIRONMENT = "LAKEHOUSE_ENV"
POLL_SECONDS = "LAKEHOUSE_POLL_SECONDS"
"""Setting: seconds between two checks of a running Glue job or replication; 30 by default."""


def names() -> Names:
    """Return the names of the deployment; it calls AWS for the account, so only tasks call it, not DAG files."""
    return names_of(os.environ.get(ENVIRONMENT, "dev"))


def this_run(context: "Context") -> str:
    """Return `job/run` of a task, which is the parent in the lineage of everything that it starts."""
    return f"{context['ti'].dag_id}.{context['ti'].task_id}/{context['ti'].run_id}"


def poll_seconds() -> int:
    """Return the seconds between two checks of a running job."""
    return int(os.environ.get(POLL_SECONDS, "30"))
