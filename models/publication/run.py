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
from .before import FILE, States
from .catalog import Catalog
from .classification import ClassificationError
from .evolution import EvolutionError
from .publish import Publisher, RefusedError, State
from .results import Build, Model

REASONS = (RefusedError, EvolutionError, ClassificationError, ClientError, BotoCoreError, AthenaError, OSError)
"""Errors that leave a model as it was; any other error is a mistake in this program."""


def publish(target: Path, before: States) -> None:
    """Publish what passed, and keep what was refused, after dbt has ended.

    Args:
        target: dbt's folder for results.
        before: state of all tables before dbt started.
    """
    build = results.read(target)
    lines = [
        {
            "id": model.id,
            "database": model.database,
            "name": model.name,
            "candidate": model.candidate if model.status == refusals.SUCCESS else None,
            "state": state,
            "reason": reason,
        }
        for model, state, reason in _publish(build, before)
    ]
    (target / FILE).write_text(json.dumps({"invocation": build.invocation, "models": lines}, indent=1))


def _publish(build: Build, before: States) -> Iterator[tuple[Model, State, str | None]]:
    session = boto3.Session()
    catalog = Catalog(session)
    lake_formation: Any = session.client("lakeformation", region_name=os.environ["LAKEHOUSE_REGION"])
    publisher = Publisher(catalog, lake_formation, build.invocation, before)
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
                candidates.keep(catalog, lake_formation, model, reason=reason)
        yield model, state, reason
