"""`lakehouse maintain`: all maintenance of one table, ordered so that each step prepares the next one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from lakehouse.contracts.model import Contract
from lakehouse.engine.commit_conflicts import retry_on_conflict
from lakehouse.maintenance import compaction, expiry, orphans, tombstones
from lakehouse.names import Names
from lakehouse.tables import optimizers
from lakehouse.tables.definition import Definition
from lakehouse.tables.optimizers import ORPHAN_DAYS, SNAPSHOTS_KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a table: data files of its current snapshot, their bytes, and the number of snapshots."""

    files: int
    bytes: int
    snapshots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of maintaining one table, or with a dry run the work that is due.

    Attributes:
        table: name of the table.
        before, after: its size; None if the table does not exist.
        tombstones: number of purged tombstones.
        compacted: number of small files that were compacted.
        expired: number of expired snapshots.
        orphans: number of deleted orphan files.
        orphan_bytes: size of the orphan files.
        by_glue: kinds of work that Glue's optimizers do, which is skipped, each with the time of its last run.
    """

    table: str
    before: Size | None = None
    after: Size | None = None
    tombstones: int = 0
    compacted: int = 0
    expired: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    by_glue: dict[str, datetime] = field(default_factory=dict)


def maintain_table(
    catalog: Catalog,
    definition: Definition,
    contract: Contract | None,
    *,
    names: Names,
    dry_run: bool = False,
    released: Mapping[int, datetime] = expiry.NO_RELEASE,
) -> Outcome:
    """Purge tombstones, compact files, expire snapshots and delete orphan files of one table.

    Work that Glue's optimizers do is skipped. Each step is a commit of its own that keeps the commits of other writers,
    so it can run at any time, while jobs and readers use the table, and again after an interruption.

    Args:
        catalog: Iceberg catalog.
        definition: the table.
        contract: dataset of an integration table, for its tombstones; None for other tables.
        names: names of the deployment.
        dry_run: whether to count the work without doing it.
        released: time of the last release that names a snapshot.

    Raises:
        LakehouseError: every attempt had a commit conflict, or S3 refused to delete a file.
    """
    now = datetime.now(UTC)
    load = partial(catalog.load_table, definition.name)
    try:
        before = size(load())
    except NoSuchTableError:
        return Outcome(table=definition.name)
    by_glue = optimizers.last_runs(boto3.client("glue"), definition, names=names)
    counts: dict[str, int] = {}

    def step(name: str, count: Callable[[Table], int], work: Callable[[Table], object]) -> None:
        def attempt() -> int:
            table = load()
            due = count(table)
            if due and not dry_run:
                work(table)
            return due

        counts[name] = retry_on_conflict(attempt, subject=f"{definition.name}, {name}")

    if contract is not None:
        step(
            "tombstones",
            lambda table: tombstones.count(table, contract, now=now),
            lambda table: tombstones.purge(table, contract, now=now),
        )
    if "compaction" not in by_glue:
        step("compacted", lambda table: sum(map(len, compaction.plan(table))), compaction.compact)
    due_to_expire = partial(
        expiry.plan, keep_days=definition.snapshot_days, keep_last=SNAPSHOTS_KEPT, now=now, released=released
    )
    if "retention" not in by_glue:
        step(
            "expired",
            lambda table: len(due_to_expire(table)),
            lambda table: expiry.expire(table, due_to_expire(table)),
        )
    orphan_files: list[orphans.Orphan] = []
    if "orphan_file_deletion" not in by_glue:
        s3 = boto3.client("s3")
        orphan_files = orphans.find(s3, load, older_than=timedelta(days=ORPHAN_DAYS), now=now)
        if not dry_run:
            orphans.delete(s3, orphan_files)
    return Outcome(
        table=definition.name,
        before=before,
        after=size(load()),
        orphans=len(orphan_files),
        orphan_bytes=sum(orphan.size for orphan in orphan_files),
        by_glue=by_glue,
        **counts,
    )


def size(table: Table) -> Size:
    """Return the size of a table."""
    files = [task.file.file_size_in_bytes for task in table.scan().plan_files()]
    return Size(files=len(files), bytes=sum(files), snapshots=len(table.snapshots()))
