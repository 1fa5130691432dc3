"""Record a release after a run: one row for a state that no release has yet. It needs only boto3."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import LakehouseError
from lakehouse.names import Names, OpsTable
from lakehouse.releases import release, state
from lakehouse.releases.release import Release
from lakehouse.releases.state import Rows, State
from lakehouse.tables import inserts

log = logging.getLogger(__name__)


@contextmanager
def released(names: Names, *, profile: str | None, started_by: str) -> Iterator[None]:
    """Record a release after a run, also after one that failed, because it may have published something before.

    A failure to record is only logged, because the tables are published already; the next run records their state.

    Args:
        names: names of the deployment.
        profile: AWS profile of dbt's role; None uses the credentials of this process.
        started_by: the run, for people.
    """
    try:
        yield
    finally:
        try:
            record(boto3.Session(profile_name=profile), names, started_by=started_by)
        except (LakehouseError, BotoCoreError, ClientError) as error:
            log.warning(
                "this run's release is not in %s.%s: %s. The next run records it.",
                *(names.ops_database, OpsTable.RELEASES, error),
            )


def record(session: boto3.Session, names: Names, *, started_by: str) -> Release | None:
    """Record the state that all tables have now, and return its release; None if the last release has its rows.

    Args:
        session: session of dbt's role, which reads all tables and writes to ops.
        names: names of the deployment.
        started_by: the run, for people.

    Raises:
        LakehouseError: Athena refused a statement, or the tables never rested.
    """
    client = session.client("athena")
    # The state is read after the last release, so it is not older than that.
    last = release.last(client, "true", names=names, workgroup=names.dbt_workgroup)
    new = following(state.read(session, names), last, started_by=started_by)
    if new is not None:
        inserts.insert(client, [new], names=names)
    return new


def following(current: State, last: Release | None, *, started_by: str) -> Release | None:
    """Return the release of a state; None if the last release has the same rows in the same tables.

    Args:
        current: the state, read after the last release was recorded.
        last: the last release; None if there is none.
        started_by: the run.
    """
    before: Mapping[str, int] = last.by_table if last else {}
    changed = {
        name: table.since(before.get(name))
        for name, table in current.tables.items()
        if name not in before or not table.has_rows_of(before[name])
    }
    changed |= dict.fromkeys(before.keys() - current.tables.keys(), Rows(added=0, removed=0))
    tables = {name: table.snapshot_id for name, table in sorted(current.tables.items())}
    if not changed:
        return None
    at = max(current.at, last.released_at + timedelta(milliseconds=1)) if last else current.at  # clocks may differ
    return Release(
        release_id=f"r{hashlib.sha256(repr(tables).encode()).hexdigest()[:12]}",
        released_at=at,
        started_by=started_by,
        tables=list(tables),
        snapshots=list(tables.values()),
        changed=sorted(changed),
        added=[changed[name].added for name in sorted(changed)],
        removed=[changed[name].removed for name in sorted(changed)],
    )
