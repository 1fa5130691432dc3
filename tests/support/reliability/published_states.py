"""Runs that fail or die at random while clients read: what a reader may see of tables and releases.

A run replaces the three rows of each table by rows with its own number, and publishes those that pass.
"""

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from lakehouse.names import Names
from lakehouse.releases import release
from lakehouse.releases.recording import record

Run = Callable[[int, random.Random], None]
"""A run with its number, and what it chooses with."""

READERS, WRITERS = 4, 2


@dataclass(kw_only=True)
class Lake:
    """Tables by `zone.name`, the numbers that passed their gate, and what readers of each release saw."""

    names: Names
    catalog: Catalog
    tables: dict[str, tuple[str, str]]
    passed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(lambda: {0}))
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, name: str) -> Table:
        return self.catalog.load_table(self.tables[name])

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


def hold(lake: Lake, run: Run, *, runs: int, seed: int) -> int:
    """Let runs and readers work at once, check what was read, and return the number of releases.

    Args:
        lake: its tables have the rows of run 0.
        run: one of the runs; two are at work at a time.
        runs: how many.
        seed: the same seed makes the same choices.
    """
    some = random.Random(seed)  # noqa: S311 - the same runs each time
    ended = threading.Event()

    def read(reader: int) -> None:
        choices = random.Random(reader)  # noqa: S311
        while not ended.is_set():
            lake.read(choices)
            ended.wait(0.2)

    with ThreadPoolExecutor(READERS) as readers, ThreadPoolExecutor(WRITERS) as writers:
        reading = [readers.submit(read, reader) for reader in range(READERS)]
        try:
            choices = {number: random.Random(f"{seed} {number}") for number in range(1, runs + 1)}  # noqa: S311
            for written in [writers.submit(run, number, one) for number, one in choices.items()]:
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
