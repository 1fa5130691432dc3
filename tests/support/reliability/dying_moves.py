"""Runs that publish candidates of tables by themselves, as a move does, and die at random: for `published_states`."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.client import BaseClient
from pyiceberg.exceptions import CommitFailedException

from lakehouse.engine import candidates, catalog
from lakehouse.names import Names, Zone
from lakehouse.releases.recording import record
from tests.support.reliability.published_states import Lake, Run

SCHEMA = pa.schema([pa.field("run", pa.int64()), pa.field("row", pa.int64())])
EFFECTS = {"CreateTable", "UpdateTable", "DeleteTable", "StartQueryExecution"}


class Killed(BaseException):
    """The process of a run has died: it has no more effect on AWS, and no handler of it runs."""


def make(names: Names) -> Lake:
    """Make a table in integration and two in curated, with the rows of run 0."""
    opened = catalog.load()
    tables = {}
    for zone, name in ((Zone.INTEGRATION, "held"), (Zone.CURATED, "first"), (Zone.CURATED, "second")):
        tables[f"{zone}.{name}"] = (names.database(zone), name)
        table = opened.create_table((names.database(zone), name), SCHEMA, location=f"s3://{names.bucket(zone)}/{name}")
        table.append(_rows(0))
    return Lake(names=names, catalog=opened, tables=tables)


@contextmanager
def runs(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Yield a run that publishes what passes its gate, and in half of the cases dies at one of its effects on AWS."""
    life, call = threading.local(), BaseClient._make_api_call

    def effect(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        # `left` is the number of effects before it dies, `after` whether the last one works.
        if operation in EFFECTS and (left := getattr(life, "left", None)) is not None:
            life.left = left - 1
            if left < 0 or (left == 0 and not life.after):
                raise Killed
            if left == 0:
                call(client, operation, arguments)
                raise Killed
        return call(client, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", effect)
        yield partial(_run, lake=lake, life=life)


def _run(number: int, some: random.Random, *, lake: Lake, life: threading.local) -> None:
    """Publish what passes its gate, then record; die at some effect in half of the runs."""
    life.left, life.after = (some.randrange(12), some.random() < 0.5) if some.random() < 0.5 else (None, False)
    try:
        for name in some.sample(sorted(lake.tables), len(lake.tables)):
            passes = some.random() < 0.7
            if passes:
                lake.passed[name].add(number)
            published = lake.load(name)
            with candidates.candidate(lake.catalog, published) as candidate:
                candidate.overwrite(_rows(number))
                try:
                    if passes:
                        candidates.publish(lake.catalog, candidate, published=published)
                except CommitFailedException:
                    continue  # the other run was first
        record(boto3.Session(), lake.names, started_by=f"run {number}")
    except Killed:
        pass
    finally:
        life.left = None


def _rows(number: int) -> pa.Table:
    return pa.table({"run": [number] * 3, "row": [0, 1, 2]}, schema=SCHEMA)
