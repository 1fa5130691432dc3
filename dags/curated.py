"""The task of one dbt model: build the model, then run its tests, in dbt's own Python environment."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from dags import deployment, notifications
from dags.plan import Model
from dags.retries import temporary_failures_only
from lakehouse.operations import dbt

if TYPE_CHECKING:
    from airflow.sdk import Context

PROJECT = Path(__file__).resolve().parents[1] / "models"


class ModelOperator(BaseOperator):
    """Build a model, run its tests, and publish it if they pass; until then readers see its last published rows."""

    def __init__(self, *, model: Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model

    def execute(self, context: "Context") -> bool:
        """Return whether the table has new rows."""
        # One folder per model, because two dbt processes cannot share one; its content speeds up the next parsing.
        target = Path(tempfile.gettempdir()) / "lakehouse-dbt" / self.model.name
        with temporary_failures_only():
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
            if node.publication:
                self.log.info("%s is %s", node.publication.table, node.publication.state)
        notifications.recovered(context)
        return any(node.publication and node.publication.state == dbt.PUBLISHED for node in nodes)
