"""Query the tables in the states that a release has, in the workgroup of a role."""

from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import boto3

from lakehouse.engine import athena
from lakehouse.engine.athena import Result
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES, Role
from lakehouse.governance.tags import Area
from lakehouse.maintenance.restoring import time_of
from lakehouse.maintenance.tagging import check_name
from lakehouse.names import RELEASE_ID, Names
from lakehouse.releases import release
from lakehouse.releases.as_of import as_of, in_release
from lakehouse.releases.release import Release

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient


def query(sql: str, *, role: Role, names: Names, when: str | None = None) -> Result:
    """Run one statement in the workgroup of a role.

    Args:
        sql: the statement.
        role: the role.
        names: names of the deployment.
        when: id of a release, a time, or a tag; None reads the tables as they are.

    Raises:
        LakehouseError: there is no such release, it has not all tables of the query any more, or Athena refused the
            statement.
    """
    client, database = boto3.client("athena"), role.database(names)
    workgroup = names.workgroup_of(role.name)
    if when is None:
        return athena.query(client, sql, names=names, workgroup=workgroup, database=database)
    where = _condition(when)
    if where is None:
        tagged = partial(_tagged, client, names=names, workgroup=workgroup, tag=when)
        return athena.query(
            client, as_of(sql, tagged, database=database), names=names, workgroup=workgroup, database=database
        )
    if Area.OPS not in role.reads:
        readers = ", ".join(name for name, one in ROLES.items() if Area.OPS in one.reads)
        raise LakehouseError(
            f"the role {role.name} does not read ops, which has the releases: with --as-of, give --role one of "
            f"{readers}, or name a tag; without, name a snapshot in the query (table FOR VERSION AS OF snapshot)"
        )
    found = release.last(client, where, names=names, workgroup=workgroup)
    if found is None:
        raise LakehouseError(f"there is no release {when}, or none at that time; `lakehouse releases` lists them")
    pinned = as_of(sql, in_release(found, names), database=database)
    try:
        return athena.query(client, pinned, names=names, workgroup=workgroup, database=database)
    except LakehouseError as error:
        if snapshot := next((one for one in found.snapshots if str(one) in str(error)), None):
            raise LakehouseError(_expired(found, snapshot)) from error
        raise


def _condition(when: str) -> str | None:
    """Return the condition for a release; None for a tag."""
    if RELEASE_ID.fullmatch(when):
        return f"release_id = '{when}'"
    at = time_of(when)
    if at is None:
        check_name(when)
        return None
    return f"released_at <= TIMESTAMP '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC'"


def _tagged(client: "AthenaClient", database: str, table: str, *, names: Names, workgroup: str, tag: str) -> int:
    """Return the snapshot of a table that has a tag."""
    quoted = ".".join(map(athena.identifier, (database, f"{table}$refs")))
    sql = f"SELECT snapshot_id FROM {quoted} WHERE type = 'TAG' AND name = {athena.literal(tag)}"  # noqa: S608 - quoted
    rows = list(athena.query(client, sql, names=names, workgroup=workgroup, database=database).rows)
    if not rows:
        raise LakehouseError(f"{database}.{table} has no tag {tag}: `lakehouse tag {table} {tag}` makes one")
    return int(str(rows[0][0]))


def _expired(found: Release, snapshot: int) -> str:
    table = next(name for name, one in found.by_table.items() if one == snapshot)
    return (
        f"release {found.release_id} of {found.released_at:%Y-%m-%d %H:%M:%S} UTC can no longer be read: {table} has "
        f"no snapshot {snapshot} any more. It expired after its retention, or an erasure removed it"
    )
