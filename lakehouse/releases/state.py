"""Read the snapshots that all tables of integration and curated have at one moment; it needs only boto3.

Tables are listed until two lists in a row are equal. A table never has the same metadata file twice, so each table had
its state during the whole time between both lists, and all states existed together.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3

from lakehouse.engine.waiting import wait_until
from lakehouse.names import CANDIDATE, MODEL_CANDIDATE, Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

ZONES = (Zone.INTEGRATION, Zone.CURATED)
"""Zones whose tables belong to a release."""

LONGEST = timedelta(minutes=5)
"""How long a moment is looked for at which no table changes."""

METADATA = "metadata_location"
NO_ROW_CHANGED = "replace"
"""Operation of a snapshot that changed files and no row, e.g. a compaction. Source: Iceberg spec, "Snapshots"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that the commits after a snapshot wrote and removed; a row of a rewritten file counts in both."""

    added: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """The state of a table.

    Attributes:
        snapshot_id: its current snapshot.
        snapshots: its snapshots by id, as Iceberg's metadata has them.
    """

    snapshot_id: int
    snapshots: Mapping[int, Mapping[str, Any]]

    def has_rows_of(self, snapshot_id: int) -> bool:
        """Return whether the table has the rows of an earlier snapshot, because only its files were changed since."""
        for snapshot in self._newest_first():
            if snapshot["snapshot-id"] == snapshot_id:
                return True
            if _summary(snapshot).get("operation") != NO_ROW_CHANGED:
                return False
            if snapshot.get("parent-snapshot-id") == snapshot_id:
                return True  # also if it has expired
        return False

    def since(self, snapshot_id: int | None) -> Rows:
        """Return the rows that were written and removed since an earlier snapshot; None stands for an empty table."""
        if snapshot_id is None:
            return Rows(added=_total(self.snapshots[self.snapshot_id]), removed=0)
        added = removed = 0
        for snapshot in self._newest_first():
            if snapshot["snapshot-id"] == snapshot_id:
                break
            summary = _summary(snapshot)
            if summary.get("operation") == NO_ROW_CHANGED:
                continue
            parent = self.snapshots.get(snapshot.get("parent-snapshot-id") or -1)
            if parent is None or summary.keys() & {"added-records", "deleted-records"}:
                added += int(summary.get("added-records", 0))
                removed += int(summary.get("deleted-records", 0))
            else:  # a restored snapshot has only totals
                difference = _total(snapshot) - _total(parent)
                added, removed = added + max(difference, 0), removed + max(-difference, 0)
        return Rows(added=added, removed=removed)

    def _newest_first(self) -> Iterator[Mapping[str, Any]]:
        snapshot = self.snapshots.get(self.snapshot_id)
        while snapshot is not None:
            yield snapshot
            snapshot = self.snapshots.get(snapshot.get("parent-snapshot-id") or -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of the lakehouse that existed.

    Attributes:
        at: a moment at which all tables had these states.
        tables: state by `zone.table`; a table that never had rows is left out.
    """

    at: datetime
    tables: Mapping[str, TableState]


def read(session: boto3.Session, names: Names) -> State:
    """Return a state that all tables of integration and curated had at one moment.

    Raises:
        LakehouseError: the tables changed all the time for some minutes.
    """
    glue, s3 = session.client("glue"), session.client("s3")
    listed: dict[str, str] = {}
    at = datetime.now(UTC)

    def at_rest() -> dict[str, str] | None:
        nonlocal listed, at
        before, at = listed, datetime.now(UTC)
        listed = dict(metadata_locations(glue, names))
        return listed if listed == before else None

    locations = wait_until(
        at_rest,
        subject=f"a moment at which no table of {names.prefix} changes",
        first_pause=0.05,
        longest_pause=2.0,
        limit=LONGEST,
    )
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="release") as pool:
        states = pool.map(partial(_table, s3), locations.values())
        return State(at=at, tables={name: state for name, state in zip(locations, states, strict=True) if state})


def metadata_locations(glue: "GlueClient", names: Names) -> Iterator[tuple[str, str]]:
    """Yield `zone.table` and the location of its metadata, for each table that people read."""
    for zone in ZONES:
        try:
            for page in glue.get_paginator("get_tables").paginate(DatabaseName=names.database(zone)):
                for table in page["TableList"]:
                    name, location = table["Name"], table.get("Parameters", {}).get(METADATA)
                    if location and CANDIDATE not in name and not MODEL_CANDIDATE.fullmatch(name):
                        yield f"{zone}.{name}", location
        except glue.exceptions.EntityNotFoundException:
            continue  # before the first deployment of a zone it has no tables


def _table(s3: "S3Client", location: str) -> TableState | None:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    # Iceberg spec, "Naming for GZIP compressed Metadata JSON files".
    metadata = json.loads(gzip.decompress(body) if ".gz." in key.rpartition("/")[2] else body)
    snapshots = {snapshot["snapshot-id"]: snapshot for snapshot in metadata.get("snapshots", ())}
    current = metadata.get("current-snapshot-id")
    return TableState(snapshot_id=current, snapshots=snapshots) if current in snapshots else None


def _summary(snapshot: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = snapshot.get("summary") or {}
    return found


def _total(snapshot: Mapping[str, Any]) -> int:
    return int(_summary(snapshot).get("total-records", 0))
