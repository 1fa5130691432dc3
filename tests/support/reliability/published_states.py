"""Runs that fail or die at random while clients read: what a reader may see of tables and releases.

A run replaces the rows of each table by rows with its own number, as a candidate, and publishes those that pass.
"""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.client import BaseClient
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from lakehouse.engine import candidates, catalog
from lakehouse.names import Names, Zone
from lakehouse.releases import release
from lakehouse.releases.recording import record

SCHEMA = pa.schema([pa.field("run", pa.int64()), pa.field("row", pa.int64())])
EFFECTS = {"CreateTable", "UpdateTable", "DeleteTable", "StartQueryExecution"}
READERS, WRITERS = 4, 2


class Killed(BaseException):
    """The process of a run has died: it has no more effect on AWS, and no handler of it runs."""


@contextmanager
def killable(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.local]:
    """Let a thread die at one of its effects on AWS: `left` is how many it has, `after` whether the last one works."""
    life, call = threading.local(), BaseClient._make_api_call

    def effect(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
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
        yield life


@dataclass(kw_only=True)
class Lake:
    """Tables by `zone.name`, the numbers that passed their gate, and what readers of each release saw."""

    names: Names
    catalog: Catalog
    tables: dict[str, tuple[str, str]]
    passed: dict[str, set[int]] = field(default_factory=dict)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, name: str) -> Table:
        return self.catalog.load_table(self.tables[name])

    def run(self, number: int, some: random.Random, life: threading.local) -> None:
        """Publish what passes its gate, then record; die at some effect in half of the runs."""
        life.left, life.after = (some.randrange(12), some.random() < 0.5) if some.random() < 0.5 else (None, False)
        rows = pa.table({"run": [number] * 3, "row": [0, 1, 2]}, schema=SCHEMA)
        try:
            for name in some.sample(sorted(self.tables), len(self.tables)):
                passes = some.random() < 0.7
                if passes:
                    self.passed[name].add(number)
                published = self.load(name)
                with candidates.candidate(self.catalog, published) as candidate:
                    candidate.overwrite(rows)
                    try:
                        if passes:
                            candidates.publish(self.catalog, candidate, published=published)
                    except CommitFailedException:
                        continue  # the other run was first
            record(boto3.Session(), self.names, started_by=f"run {number}")
        except Killed:
            pass
        finally:
            life.left = None

    def read(self, some: random.Random) -> None:
        """Read a table as it is, and one release: both must be what runs published."""
        name = some.choice(sorted(self.tables))
        self.number(self.load(name), name, None)
        if releases := release.read(self.catalog, names=self.names):
            one = some.choice(releases)
            now = {table: self.number(self.load(table), table, snapshot) for table, snapshot in one.by_table.items()}
            with self.lock:
                assert self.seen.setdefault(one.release_id, now) == now, "time travel is repeatable"

    def number(self, table: Table, name: str, snapshot: int | None) -> int:
        """Return the run whose rows a table has: all of one run that passed its gate."""
        found = table.scan(snapshot_id=snapshot).to_arrow().to_pylist()
        assert sorted(row["row"] for row in found) == [0, 1, 2], "never a part of a run"
        (number,) = {row["run"] for row in found}
        assert number in self.passed[name], "never rows that a gate refused"
        return int(number)


def hold(lake: Lake, *, runs: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let runs and readers work at once, check what was read, and return the number of releases."""
    some = random.Random(seed)  # noqa: S311 - the same runs each time
    for name in lake.tables:
        lake.passed[name] = {0}
        lake.load(name).append(pa.table({"run": [0] * 3, "row": [0, 1, 2]}, schema=SCHEMA))
    ended = threading.Event()

    def write(number: int, life: threading.local) -> None:
        lake.run(number, random.Random(f"{seed} {number}"), life)  # noqa: S311

    def read(reader: int) -> None:
        choices = random.Random(reader)  # noqa: S311
        while not ended.is_set():
            lake.read(choices)
            ended.wait(0.2)

    with killable(monkeypatch) as life, ThreadPoolExecutor(READERS) as readers, ThreadPoolExecutor(WRITERS) as writers:
        reading = [readers.submit(read, reader) for reader in range(READERS)]
        try:
            for written in [writers.submit(write, number, life) for number in range(1, runs + 1)]:
                written.result()
        finally:
            ended.set()
        for one in reading:
            one.result()
    record(boto3.Session(), lake.names, started_by="the end")
    releases = release.read(lake.catalog, names=lake.names)
    current = {name: lake.load(name).metadata.current_snapshot_id for name in lake.tables}
    assert releases[-1].by_table == current
    for name in lake.tables:
        order = [snapshot.snapshot_id for snapshot in lake.load(name).snapshots()]
        positions = [order.index(one.by_table[name]) for one in releases]
        assert positions == sorted(positions), "no table moves back from one release to the next"
    for one in some.sample(releases, len(releases)):
        again = {table: lake.number(lake.load(table), table, snapshot) for table, snapshot in one.by_table.items()}
        assert lake.seen.get(one.release_id, again) == again
    return len(releases)


def make(names: Names) -> Lake:
    """Make a table in integration and two in curated."""
    opened = catalog.load()
    tables = {}
    for zone, name in ((Zone.INTEGRATION, "held"), (Zone.CURATED, "first"), (Zone.CURATED, "second")):
        tables[f"{zone}.{name}"] = (names.database(zone), name)
        opened.create_table((names.database(zone), name), SCHEMA, location=f"s3://{names.bucket(zone)}/{name}")
    return Lake(names=names, catalog=opened, tables=tables)
