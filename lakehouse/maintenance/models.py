"""Maintain the tables that dbt makes: remove old candidates, expire snapshots, delete the files that only they used."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from lakehouse.engine.commit_conflicts import retry_on_conflict
from lakehouse.maintenance import expiry, orphans
from lakehouse.maintenance.maintain import Outcome, size
from lakehouse.maintenance.reachable import reachable
from lakehouse.names import CANDIDATE_DAYS, MODEL_CANDIDATE
from lakehouse.tables.definition import SNAPSHOT_DAYS
from lakehouse.tables.optimizers import ORPHAN_DAYS, SNAPSHOTS_KEPT

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import TableTypeDef
    from mypy_boto3_s3 import S3Client

REFUSED = "lakehouse.refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A table that a build made and did not publish.

    Attributes:
        database, name: the table.
        model: name of the table that it was made for.
        created: when it was made.
        reason: why it was refused; None if the build was interrupted.
    """

    database: str
    name: str
    model: str
    created: datetime
    reason: str | None


def candidates(glue: "GlueClient", databases: Collection[str]) -> list[Candidate]:
    """Return all candidates in some databases, oldest first; a database that does not exist has none."""
    found = [
        Candidate(
            database=database,
            name=table["Name"],
            model=match["model"],
            created=table["CreateTime"],
            reason=table.get("Parameters", {}).get(REFUSED),
        )
        for database in databases
        for table in _tables(glue, database)
        if (match := MODEL_CANDIDATE.fullmatch(table["Name"])) and "metadata_location" in table.get("Parameters", {})
    ]
    return sorted(found, key=lambda candidate: candidate.created)


def _tables(glue: "GlueClient", database: str) -> "Iterator[TableTypeDef]":
    try:
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
            yield from page["TableList"]
    except glue.exceptions.EntityNotFoundException:
        return


def due(found: Collection[Candidate], *, now: datetime) -> list[Candidate]:
    """Return the candidates whose time is over."""
    return [candidate for candidate in found if candidate.created < now - timedelta(days=CANDIDATE_DAYS)]


def remove(catalog: Catalog, candidate: Candidate) -> set[str]:
    """Remove a candidate from the catalog, and return its files that the published table does not use."""
    table = _load(catalog, candidate.database, candidate.name)
    published = _load(catalog, candidate.database, candidate.model)
    files = reachable(table) if table else set()
    kept = reachable(published) if published else set()
    if table:
        catalog.drop_table((candidate.database, candidate.name))
    return files - kept


def maintain_model(
    catalog: Catalog,
    s3: "S3Client",
    *,
    database: str,
    name: str,
    now: datetime,
    dry_run: bool = False,
    released: Mapping[int, datetime] = expiry.NO_RELEASE,
) -> Outcome:
    """Expire snapshots of a model's table and delete its orphan files.

    Its files are not compacted: a build writes all of them.

    Raises:
        LakehouseError: every attempt had a commit conflict, or S3 refused to delete a file.
    """
    load = partial(catalog.load_table, (database, name))
    label = f"{database}.{name}"
    try:
        before = size(load())
    except NoSuchTableError:
        return Outcome(table=label)

    def expire() -> int:
        table = load()
        old = expiry.plan(table, keep_days=SNAPSHOT_DAYS, keep_last=SNAPSHOTS_KEPT, now=now, released=released)
        if not dry_run:
            expiry.expire(table, old)
        return len(old)

    expired = retry_on_conflict(expire, subject=f"{label}, expired")
    # A day longer than candidates live, whose files are in the same folder.
    files = orphans.find(s3, load, older_than=timedelta(days=max(ORPHAN_DAYS, CANDIDATE_DAYS) + 1), now=now)
    if not dry_run:
        orphans.delete(s3, files)
    return Outcome(
        table=label,
        before=before,
        after=size(load()),
        expired=expired,
        orphans=len(files),
        orphan_bytes=sum(file.size for file in files),
    )


def _load(catalog: Catalog, database: str, name: str) -> Table | None:
    try:
        return catalog.load_table((database, name))
    except NoSuchTableError:
        return None
