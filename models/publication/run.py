"""Publish the models of one build, and write what became of each to `publication.json` in dbt's target folder."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error as AthenaError

from . import candidates, refusals, results
from .catalog import Catalog
from .classification import ClassificationError
from .evolution import EvolutionError
from .publish import Publisher, RefusedError, State
from .results import Build, Model

FILE = "publication.json"
REASONS = (RefusedError, EvolutionError, ClassificationError, ClientError, BotoCoreError, AthenaError, OSError)
"""Errors that leave a model as it was; any other error is a mistake in this program."""


class Publication:
    """The publication of one build; made before dbt begins, because it needs the state of the tables at that time."""

    def __init__(self, target: Path) -> None:
        """Write down the state of all tables.

        Args:
            target: dbt's folder for results.
        """
        self._target = target
        (target / FILE).unlink(missing_ok=True)
        self._session = boto3.Session()
        self._catalog = Catalog(self._session)
        databases = [os.environ[f"LAKEHOUSE_DATABASE_{zone}"] for zone in ("INTEGRATION", "CURATED")]
        self._base = candidates.states(self._catalog, databases)

    def run(self) -> None:
        """Publish what passed, and keep what was refused, after dbt has ended."""
        build = results.read(self._target)
        lines = [
            {
                "id": model.id,
                "database": model.database,
                "name": model.name,
                "candidate": model.candidate if model.status == refusals.SUCCESS else None,
                "state": state,
                "reason": reason,
            }
            for model, state, reason in self._publish(build)
        ]
        (self._target / FILE).write_text(json.dumps({"invocation": build.invocation, "models": lines}, indent=1))

    def _publish(self, build: Build) -> Iterator[tuple[Model, State, str | None]]:
        lake_formation: Any = self._session.client("lakeformation")
        publisher = Publisher(self._catalog, lake_formation, build.invocation, self._base)
        reasons = refusals.refusals(build.statuses, parents=build.parents, tests=build.tests)
        for model in build.models:
            # A model that could not be published also refuses those that have read its candidate.
            reason = reasons.get(model.id) or refusals.unpublished_parent(model.id, reasons, parents=build.parents)
            state = State.REFUSED
            if reason is None:
                try:
                    state = publisher.publish(model)
                except REASONS as error:
                    reason = " ".join(str(error).split())
            if reason is not None:
                reasons[model.id] = reason
                if model.status == refusals.SUCCESS:
                    candidates.keep(self._catalog, lake_formation, model, reason=reason)
            yield model, state, reason
