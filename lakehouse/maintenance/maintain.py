"""`lakehouse maintain`: all upkeep of one table, in the order in which each step leaves work to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from lakehouse.contracts.model import Contract
from lakehouse.engine.commit_conflicts import retried
from lakehouse.maintenance import compaction, expiry, orphans, tombstones
from lakehouse.names import Names
from lakehouse.tables import optimizers
from lakehouse.tables.definition import Definition
from lakehouse.tables.optimizers import ORPHAN_DAYS, SNAPSHOTS_KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a table consists of: data files of its current snapshot, their bytes, snapshots."""

    files: int
    bytes: int
    snapshots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done to one table, or would be.

    Args:
        table: its name.
        before, after: what it consisted of; None where there is no such table.
        tombstones: rows that were purged.
        compacted: small files that became fewer.
        expired: snapshots.
        orphans: files that nobody referred to.
        orphan_bytes: their size.
        by_glue: what Glue's optimizers see to, with their last run; that is left to them.
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
    catalog: Catalog, definition: Definition, contract: Contract | None, *, names: Names, dry_run: bool = False
) -> Outcome:
    """Purge tombstones, compact, expire snapshots and delete orphans of one table; what Glue does is left to it.

    Each step is a commit of its own that undoes nobody's, so it may be run at any time, beside jobs and readers, and
    again after it was interrupted.

    Args:
        catalog: Iceberg catalog.
        definition: the table.
        contract: the dataset whose integration table it is, for tombstones; None for other tables.
        names: names of the deployment.
        dry_run: only tell what would be done.

    Raises:
        LakehouseError: other writers won every race, or S3 refused to delete.
    """
    now = datetime.now(UTC)
    load = partial(catalog.load_table, definition.name)
    try:
        before = _size(load())
    except NoSuchTableError:
        return Outcome(table=definition.name)
    by_glue = optimizers.last_runs(boto3.client("glue"), definition, names=names)
    done: dict[str, int] = {}

    def step(name: str, look: Callable[[Table], int], work: Callable[[Table], object]) -> None:
        def attempt() -> int:
            table = load()
            found = look(table)
            if found and not dry_run:
                work(table)
            return found

        done[name] = retried(attempt, what=f"{definition.name}, {name}")

    if contract is not None:
        step(
            "tombstones",
            lambda table: tombstones.count(table, contract, now=now),
            lambda table: tombstones.purge(table, contract, now=now),
        )
    if "compaction" not in by_glue:
        step("compacted", lambda table: sum(map(len, compaction.plan(table))), compaction.compact)
    old = partial(expiry.plan, keep_days=definition.snapshot_days, keep_last=SNAPSHOTS_KEPT, now=now)
    if "retention" not in by_glue:
        step("expired", lambda table: len(old(table)), lambda table: expiry.expire(table, old(table)))
    found: list[orphans.Orphan] = []
    if "orphan_file_deletion" not in by_glue:
        s3 = boto3.client("s3")
        found = orphans.find(s3, load, older_than=timedelta(days=ORPHAN_DAYS), now=now)
        if not dry_run:
            orphans.delete(s3, found)
    return Outcome(
        table=definition.name,
        before=before,
        after=_size(load()),
        orphans=len(found),
        orphan_bytes=sum(orphan.size for orphan in found),
        by_glue=by_glue,
        **done,
    )


def _size(table: Table) -> Size:
    files = [task.file.file_size_in_bytes for task in table.scan().plan_files()]
    return Size(files=len(files), bytes=sum(files), snapshots=len(table.snapshots()))
