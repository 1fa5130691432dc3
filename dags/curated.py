"""The task of one dbt model: build it, then run the tests that belong to it, by dbt's own environment."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from dags import deployment, notifications
from dags.plan import Model
from dags.retries import only_what_may_pass
from lakehouse.operations import dbt

if TYPE_CHECKING:
    from airflow.sdk import Context

PROJECT = Path(__file__).resolve().parents[1] / "models"


class ModelOperator(BaseOperator):
    """Build a model and run its tests; readers keep the table as it was until the new one is whole."""

    def __init__(self, *, model: Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model

    def execute(self, context: "Context") -> None:
        # A folder a model: two dbt processes would spoil each other's; what it holds speeds up the next run's parsing.
        target = Path(tempfile.gettempdir()) / "lakehouse-dbt" / self.model.name
        with only_what_may_pass():
            nodes = dbt.build(
                deployment.names(),
                project=PROJECT,
                target=target,
                select=(self.model.name, *self.model.tests),
                exactly=True,
                parent=deployment.this_run(context),
            )
        for node in nodes:
            self.log.info("%s %s: %s in %.1f s", node.kind, node.name, node.status, node.seconds)
        notifications.recovered(context)
