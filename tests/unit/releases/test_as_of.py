"""A query as of a release reads each of its tables at its snapshot, or is refused."""

from datetime import UTC, datetime

import pytest

from lakehouse.errors import LakehouseError
from lakehouse.names import Names
from lakehouse.releases.as_of import as_of, in_release
from lakehouse.releases.release import Release

CURATED, INTEGRATION = "lakehouse_dev_curated", "lakehouse_dev_integration"
RELEASE = Release(
    release_id="r0123456789ab",
    released_at=datetime(2026, 12, 1, tzinfo=UTC),
    started_by="test",
    tables=["curated.mart", "integration.orders"],
    snapshots=[11, 22],
    changed=[],
    added=[],
    removed=[],
)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from mart", "select * from mart@11"),
        ('SELECT "ä" FROM "Mart" m -- mart', 'SELECT "ä" FROM "Mart"@11 m -- mart'),
        (
            f"select 1 from {CURATED} . mart as m, awsdatacatalog.{INTEGRATION}.orders",
            f"select 1 from {CURATED} . mart@11 as m, awsdatacatalog.{INTEGRATION}.orders@22",
        ),
        (
            f"with mart as (select * from mart) select (select max(id) from {INTEGRATION}.orders) from mart",
            f"with mart as (select * from mart@11) select (select max(id) from {INTEGRATION}.orders@22) from mart",
        ),
        (
            f"select 'mart' from mart where id in (select 1 from {INTEGRATION}.orders o) union table mart",
            f"select 'mart' from mart@11 where id in (select 1 from {INTEGRATION}.orders@22 o) union table mart@11",
        ),
        (
            f"select * from (mart join {INTEGRATION}.orders using (id)) cross join unnest(items) as t (item)",
            f"select * from (mart@11 join {INTEGRATION}.orders@22 using (id)) cross join unnest(items) as t (item)",
        ),
        ("select 1", "select 1"),
        ("with recursive n (i) as (select 1 union all select i + 1 from n) select * from n", None),
    ],
)
def test_each_table_is_read_at_its_snapshot_and_nothing_else_changes(
    names: Names, sql: str, expected: str | None
) -> None:
    pinned = (expected or sql).replace("@", " FOR VERSION AS OF ")
    assert as_of(sql, in_release(RELEASE, names), database=CURATED) == pinned


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select * from some_view", "has no table lakehouse_dev_curated.some_view: it is a view"),
        ("select * from mart join lakehouse_dev_raw.orders using (id)", "no table lakehouse_dev_raw.orders"),
        ('select * from "mart$snapshots"', r"no table lakehouse_dev_curated.mart\$snapshots"),
        ("select * from information_schema.tables", "no table information_schema.tables"),
        ("select * from mart for version as of 7", "names a version itself"),
        ("select * from mysql.lakehouse_dev_curated.mart", "is in another catalog"),
        ("select * from table(exclude_columns(input => table(mart), columns => descriptor(id)))", "--as-of cannot"),
        ("select 1; select 2", "takes one SELECT"),
        ("delete from mart", "takes one SELECT"),
        ("insert into mart select * from mart", "takes one SELECT"),
        ("create table t as select * from mart", "takes one SELECT"),
        ("show tables", "takes one SELECT"),
        ("unload (select * from mart) to 's3://b/' with (format = 'csv')", "takes one SELECT"),
        ("select * from", "cannot find the tables"),
        ("", "takes one SELECT"),
    ],
)
def test_what_no_release_has_is_refused_by_name(names: Names, sql: str, reason: str) -> None:
    with pytest.raises(LakehouseError, match=reason):
        as_of(sql, in_release(RELEASE, names), database=CURATED)
