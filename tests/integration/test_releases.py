"""Releases: what runs record, and what readers of a release see."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from emulator.runtime.server_lifecycle import Server
from lakehouse.engine import catalog
from lakehouse.erasure.tables import expire_history
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.lineage import record as lineage
from lakehouse.lineage.graph import of_events
from lakehouse.maintenance import expiry, tagging
from lakehouse.maintenance.restoring import snapshot_of
from lakehouse.names import Names, Zone
from lakehouse.operations import releases
from lakehouse.operations.release_rollback import plan_release
from lakehouse.operations.rollback import roll_back
from lakehouse.releases import release
from lakehouse.releases.recording import record, released
from lakehouse.releases.release import Release
from tests.support.models import small_project
from tests.support.reliability import published_states

ROWS = pa.schema([pa.field("id", pa.int64()), pa.field("pair", pa.int64())])


@pytest.fixture(scope="module")
def names(aws: Server, tmp_path_factory: pytest.TempPathFactory) -> Names:
    return small_project.make(aws, tmp_path_factory.mktemp("dbt"), project="releases").names


@pytest.fixture(scope="module")
def iceberg(names: Names) -> Catalog:
    return catalog.load()


@pytest.fixture
def tables(iceberg: Catalog, names: Names) -> Iterator[list[tuple[str, str]]]:
    """Two tables, one in each zone."""
    made = [(names.database(zone), name) for zone, name in ((Zone.INTEGRATION, "orders"), (Zone.CURATED, "mart"))]
    for database, name in made:
        iceberg.create_table((database, name), ROWS, location=f"s3://{names.bucket(Zone.CURATED)}/{name}")
    yield made
    for table in made:
        iceberg.drop_table(table)


def write(iceberg: Catalog, table: tuple[str, str], *numbers: int) -> None:
    rows = [{"id": number, "pair": number} for number in numbers]
    iceberg.load_table(table).append(pa.Table.from_pylist(rows, schema=ROWS))


def current(iceberg: Catalog, names: Names, tables: list[tuple[str, str]]) -> dict[str, int]:
    zones = {names.database(zone): zone for zone in Zone if zone is not Zone.STAGE}
    found = {}
    for database, name in tables:
        if snapshot := iceberg.load_table((database, name)).current_snapshot():
            found[f"{zones[database]}.{name}"] = snapshot.snapshot_id
    return found


def recorded(names: Names, by: str = "test") -> Release | None:
    return record(boto3.Session(), names, started_by=by)


def test_a_run_that_published_something_adds_one_release(
    names: Names, iceberg: Catalog, tables: list[tuple[str, str]]
) -> None:
    before = release.read(iceberg, names=names)
    write(iceberg, tables[0], 1, 2, 3)
    first = recorded(names, "lakehouse run")
    assert first is not None
    assert (first.by_table, first.changed, first.added) == (
        current(iceberg, names, tables),
        ["integration.orders"],
        [3],
    )
    assert recorded(names) is None  # nothing was published since
    candidate = iceberg.register_table(
        (tables[1][0], "mart__01234567"), iceberg.load_table(tables[1]).metadata_location
    )
    candidate.append(pa.Table.from_pylist([{"id": 7, "pair": 7}], schema=ROWS))
    assert recorded(names) is None  # nobody reads a candidate
    iceberg.drop_table(candidate.name())
    write(iceberg, tables[1], 9)
    with pytest.raises(LakehouseError, match="a test failed"), released(names, profile=None, started_by="build"):
        raise LakehouseError("a test failed")
    found = release.read(iceberg, names=names)[len(before) :]
    assert [(one.started_by, one.changed, one.added, one.removed) for one in found] == [
        ("lakehouse run", ["integration.orders"], [3], [0]),
        ("build", ["curated.mart"], [1], [0]),
    ]
    assert found[0] == first
    assert release.read(iceberg, names=names, since=found[1].released_at)[-1:] == found[1:]


def test_runs_at_once_record_states_that_existed(names: Names, iceberg: Catalog, tables: list[tuple[str, str]]) -> None:
    """One writer commits to both tables in turn, so in each state that existed the first has at most one row more."""
    ended = threading.Event()

    def write_in_turn() -> None:
        for number in range(6):
            for table in tables:
                write(iceberg, table, number)
        ended.set()

    def record_all_the_time() -> None:
        while not ended.is_set():
            recorded(names)

    with ThreadPoolExecutor() as pool:
        for work in [pool.submit(write_in_turn), *(pool.submit(record_all_the_time) for _ in range(2))]:
            work.result()
    recorded(names)
    found = [one for one in release.read(iceberg, names=names) if one.by_table.keys() >= {"integration.orders"}]
    counts = [
        tuple(
            iceberg.load_table(table).scan(snapshot_id=snapshot_id).count() if snapshot_id else 0
            for table in tables
            for zone in (Zone.INTEGRATION if table is tables[0] else Zone.CURATED,)
            for snapshot_id in (one.by_table.get(f"{zone}.{table[1]}"),)
        )
        for one in found
        if iceberg.load_table(tables[0]).snapshot_by_id(one.by_table["integration.orders"])
    ]
    assert len(counts) > 2
    assert counts == sorted(counts)
    assert len(counts) == len(set(counts))
    assert all(first - second in (0, 1) for first, second in counts)
    assert counts[-1] == (6, 6)
    assert found[-1].by_table == current(iceberg, names, tables)


def test_a_query_as_of_a_release_reads_all_tables_as_they_were(
    names: Names, iceberg: Catalog, tables: list[tuple[str, str]]
) -> None:
    workgroup = {"ResultConfiguration": {"OutputLocation": names.results_uri("engineer")}}
    boto3.client("athena").create_work_group(Name=names.workgroup_of("engineer"), Configuration=workgroup)  # type: ignore[arg-type]
    both = (
        f"SELECT o.id, m.id FROM {tables[0][0]}.orders o FULL JOIN {tables[1][0]}.mart m ON o.id = m.id ORDER BY 1, 2"
    )

    def read(when: str | None) -> list[tuple[str | None, ...]]:
        return list(releases.query(both, role=ROLES["engineer"], names=names, when=when).rows)

    states = []
    for number in range(2):
        for table in tables:
            write(iceberg, table, number)
        new = recorded(names)
        assert new is not None
        states.append((new, read(None)))
    for one, rows in states:
        assert read(one.release_id) == rows
        assert read(one.released_at.isoformat()) == rows
    first, _ = states[0]
    with pytest.raises(LakehouseError, match="there is no release 2001-01-01"):
        read("2001-01-01")
    with pytest.raises(LakehouseError, match="has no tag yesterday"):
        read("yesterday")
    with pytest.raises(LakehouseError, match="'A day' cannot be a tag"):
        read("A day")
    with pytest.raises(LakehouseError, match="role analyst does not read ops"):
        releases.query(both, role=ROLES["analyst"], names=names, when=first.release_id)
    expiry.expire(iceberg.load_table(tables[1]), [first.by_table["curated.mart"]])
    with pytest.raises(LakehouseError, match=r"can no longer be read: curated.mart has no snapshot"):
        read(first.release_id)


def test_a_bad_day_is_undone_in_every_table_of_a_release_and_an_erasure_never_is(
    names: Names, iceberg: Catalog, tables: list[tuple[str, str]]
) -> None:
    def rows() -> list[list[dict[str, int]]]:
        return [iceberg.load_table(table).scan().to_arrow().sort_by("id").to_pylist() for table in tables]

    def undo(*named: str) -> list[str]:
        planned, younger = plan_release(iceberg, iceberg, named, to=good.release_id, names=names)
        for one in planned:
            roll_back(iceberg, one, names=names)
        return younger

    for table in tables:
        write(iceberg, table, 1, 2, 3)
    good = recorded(names)
    assert good is not None
    before = rows()
    for table in tables:
        iceberg.load_table(table).delete("id = 2")
        write(iceberg, table, 7)
    assert recorded(names) is not None
    assert undo("curated.mart") == []
    assert [table == then for table, then in zip(rows(), before, strict=True)] == [False, True]
    assert undo() == []
    assert rows() == before
    after = recorded(names)
    assert after is not None
    assert after.changed == good.changed
    events = [event["job"]["name"] for event in lineage.latest(iceberg, names=names, batches=1)]
    assert {"rollback.orders", "rollback.mart"} <= set(events)
    assert of_events(lineage.latest(iceberg, names=names, batches=1), names=names).edges == []

    iceberg.load_table(tables[0]).delete("id = 3")  # as an erasure
    expire_history(boto3.client("s3"), lambda: iceberg.load_table(tables[0]))
    write(iceberg, tables[1], 9)
    erased = rows()
    with pytest.raises(LakehouseError, match=r"orders has no snapshot .* removed by an erasure"):
        undo()
    assert rows() == erased  # of no table
    with pytest.raises(LakehouseError, match="there is no release r000000000000"):
        plan_release(iceberg, iceberg, (), to="r000000000000", names=names)
    with pytest.raises(LakehouseError, match="name the tables, or give --to a release"):
        plan_release(iceberg, iceberg, (), to="2026-12-01", names=names)


def test_a_tag_keeps_a_state_for_readers_and_rollbacks_until_an_erasure(
    names: Names, iceberg: Catalog, tables: list[tuple[str, str]]
) -> None:
    def mart() -> Table:
        return iceberg.load_table(tables[1])

    def read(when: str | None) -> list[tuple[str | None, ...]]:
        return list(releases.query("SELECT id FROM mart", role=ROLES["analyst"], names=names, when=when).rows)

    write(iceberg, tables[1], 1)
    first = mart().snapshots()[0]
    assert tagging.tag(mart(), "before", first)
    assert not tagging.tag(mart(), "before", first)
    for number in range(2, 5):
        write(iceberg, tables[1], number)
    new = mart().snapshots()[-1]
    with pytest.raises(LakehouseError, match="has a tag before on snapshot"):
        tagging.tag(mart(), "before", new)
    old = expiry.plan(mart(), keep_days=0, keep_last=1, now=datetime.now(UTC) + timedelta(days=1))
    assert old == [one.snapshot_id for one in mart().snapshots()[1:-1]]
    late = datetime.now(UTC) + timedelta(days=30)
    named = {old[0]: late - timedelta(days=6), old[1]: late - timedelta(days=8)}
    assert expiry.plan(mart(), keep_days=7, keep_last=1, now=late, released=named) == old[1:]
    expiry.expire(mart(), old)
    assert read("before") == [("1",)]
    assert snapshot_of(mart(), "before") == first
    expire_history(boto3.client("s3"), mart)
    assert len(mart().snapshots()) == 1
    with pytest.raises(LakehouseError, match="has no tag before"):
        read("before")
    tagging.tag(mart(), "after", mart().snapshots()[0])
    tagging.untag(mart(), "after")
    with pytest.raises(LakehouseError, match="has no tag after; it has none"):
        tagging.untag(mart(), "after")
    for name in ("main", "r0123456789ab", "20261201", "Upper", "a b", ""):
        with pytest.raises(LakehouseError, match="cannot be a tag"):
            tagging.check_name(name)


@pytest.mark.slow
def test_readers_see_published_states_and_whole_releases(
    aws: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small form of tests/reliability/test_releases.py."""
    lake = published_states.make(small_project.make(aws, tmp_path, project="states").names)
    assert published_states.hold(lake, runs=10, seed=1, monkeypatch=monkeypatch) > 2
