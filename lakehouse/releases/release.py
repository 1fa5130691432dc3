"""Releases in `ops.releases`: read with PyIceberg, or with Athena where there is no Iceberg library."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakehouse.engine import athena
from lakehouse.names import Names, OpsTable
from lakehouse.tables.rows import ReleaseRow

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from pyiceberg.catalog import Catalog

LISTS = ("tables", "snapshots", "changed", "added", "removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(ReleaseRow):
    """A state of all tables of integration and curated that existed."""

    @property
    def by_table(self) -> Mapping[str, int]:
        """Snapshot by `zone.table`."""
        return dict(zip(self.tables, self.snapshots, strict=True))


def read(catalog: "Catalog", *, names: Names, since: datetime | None = None) -> list[Release]:
    """Return all releases, or those since a time, oldest first."""
    from pyiceberg.exceptions import NoSuchTableError
    from pyiceberg.expressions import AlwaysTrue, GreaterThanOrEqual, Reference
    from pyiceberg.expressions.literals import literal

    try:
        table = catalog.load_table((names.ops_database, OpsTable.RELEASES))
    except NoSuchTableError:
        return []  # until `lakehouse tables apply` has made it
    when = (
        AlwaysTrue() if since is None else GreaterThanOrEqual(term=Reference(name="released_at"), value=literal(since))
    )
    return _once(Release(**row) for row in table.scan(row_filter=when).to_arrow().to_pylist())


def named_last(releases: Iterable[Release]) -> dict[int, datetime]:
    """Return the time of the last release that names each snapshot; the releases are given oldest first."""
    return {snapshot: one.released_at for one in releases for snapshot in one.snapshots}


def last(client: "AthenaClient", where: str, *, names: Names, workgroup: str) -> Release | None:
    """Return the last release that meets a condition; None if there is none.

    Args:
        client: Athena client.
        where: condition on the columns of the table.
        names: names of the deployment.
        workgroup: where the query runs.

    Raises:
        LakehouseError: Athena refused the statement.
    """
    columns = ", ".join(f"array_join({name}, ',')" for name in LISTS)
    sql = (
        f"SELECT release_id, to_unixtime(released_at), started_by, {columns} "  # noqa: S608 - our own names
        f"FROM {names.ops_database}.{OpsTable.RELEASES} WHERE {where} ORDER BY released_at DESC LIMIT 1"
    )
    found = athena.query(client, sql, names=names, workgroup=workgroup, database=names.ops_database)
    return next(map(_of_text, found.rows), None)


def _of_text(row: tuple[str | None, ...]) -> Release:
    release_id, at, started_by, *lists = (text or "" for text in row)
    tables, snapshots, changed, added, removed = ([one for one in text.split(",") if one] for text in lists)
    return Release(
        release_id=release_id,
        released_at=datetime.fromtimestamp(float(at), UTC),
        started_by=started_by,
        tables=tables,
        snapshots=[int(number) for number in snapshots],
        changed=changed,
        added=[int(number) for number in added],
        removed=[int(number) for number in removed],
    )


def _once(found: Iterable[Release]) -> list[Release]:
    """Return each state once, oldest first: two runs that end at once may both record it."""
    first: dict[str, Release] = {}
    for release in sorted(found, key=lambda release: release.released_at):
        first.setdefault(release.release_id, release)
    return list(first.values())
