"""Upkeep of tables: it changes no row, takes nothing from a reader, and what was purged does not come back."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.expressions.visitors import _ManifestEvalVisitor, visit
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import ManifestFile

from lakehouse.contracts.model import Contract, Ingest
from lakehouse.engine.commit_conflicts import retry_on_conflict
from lakehouse.engine.session import spark
from lakehouse.errors import LakehouseError
from lakehouse.maintenance import compaction, expiry, orphans, tombstones
from lakehouse.maintenance.maintain import maintain_table
from lakehouse.maintenance.rewriting import rewrite
from lakehouse.names import Zone
from lakehouse.tables import migrations
from lakehouse.tables.definition import integration
from lakehouse.tables.optimizers import SNAPSHOTS_KEPT
from tests.support.moves.lake import ACCOUNTS, INGESTED_AT, Lake, batch
from tests.support.reference_merge import Record

YEAR = timedelta(days=365)
NOW = datetime.now(UTC)
LONG_AGO = NOW - 3 * YEAR


def dataset(name: str, **changed: Any) -> Contract:
    return replace(ACCOUNTS, dataset=name, retention=YEAR, **changed)


def change(contract: Contract, number: int, row: int, key: int, op: str, *, at: datetime, amount: int = 0) -> Record:
    """A change of the source, committed and received at one time."""
    return {
        "id": key,
        "amount": amount,
        "_op": op,
        "_commit_ts": at,
        "_change_seq": f"{at:%Y%m%d%H%M%S}{row:05d}",
        "_source_file": f"s3://stage/{number}",
        "_source_row": row,
        "_batch_id": batch(contract, number),
        "_ingested_at": at,
    }


def told(lake: Lake, contract: Contract) -> dict[int, tuple[int | None, bool]]:
    return {row["id"]: (row["amount"], row["_is_deleted"]) for row in lake.rows(contract)}


def load(lake: Lake, contract: Contract, number: int, *records: Record) -> None:
    lake.receive(contract, records)
    lake.move(contract, batch(contract, number))


@pytest.fixture
def deleted(lake: Lake, request: pytest.FixtureRequest) -> Contract:
    """Accounts 1 and 2 long ago, of which 1 was deleted then; 3 was deleted today."""
    contract = dataset(f"deleted_{request.node.name.split('_')[-1]}")
    lake.create(contract)
    now = datetime.now(UTC)
    made = partial(change, contract)
    first = [made(1, key, key, "I", at=LONG_AGO, amount=key * 10) for key in (1, 2, 3)]
    gone = [made(2, 1, 1, "D", at=LONG_AGO + timedelta(days=1)), made(3, 1, 3, "D", at=now)]
    lake.receive(contract, [*first, *gone])
    lake.move(contract, *(batch(contract, number) for number in (1, 2, 3)))
    assert told(lake, contract) == {1: (None, True), 2: (20, False), 3: (None, True)}
    return contract


def purge(lake: Lake, contract: Contract) -> int:
    return tombstones.purge(lake.integration(contract), contract, now=datetime.now(UTC))


def test_a_tombstone_goes_after_its_retention_and_no_sooner(lake: Lake, deleted: Contract) -> None:
    # `_ingested_at` is the time of the load in life; here, records bring their own.
    assert tombstones.count(lake.integration(deleted), deleted, now=NOW) == 1
    assert purge(lake, deleted) == 1
    assert told(lake, deleted) == {2: (20, False), 3: (None, True)}
    commits = lake.commits(deleted)
    assert purge(lake, deleted) == 0
    assert lake.commits(deleted) == commits


def test_old_batches_do_not_bring_back_what_was_purged(lake: Lake, deleted: Contract) -> None:
    purge(lake, deleted)
    lake.move(deleted, batch(deleted, 1))
    assert told(lake, deleted) == {2: (20, False), 3: (None, True)}
    # Not even a change that arrives only now; one of a row that is there counts.
    late = LONG_AGO + timedelta(hours=1)
    load(
        lake,
        deleted,
        4,
        change(deleted, 4, 1, 1, "U", at=late, amount=5),
        change(deleted, 4, 2, 2, "U", at=late, amount=25),
    )
    assert told(lake, deleted) == {2: (25, False), 3: (None, True)}


def test_a_key_that_is_used_again_comes_in(lake: Lake, deleted: Contract) -> None:
    purge(lake, deleted)
    load(lake, deleted, 4, change(deleted, 4, 1, 1, "I", at=NOW, amount=7))
    assert told(lake, deleted) == {1: (7, False), 2: (20, False), 3: (None, True)}


def test_a_rebuilt_table_knows_everything_again(lake: Lake, deleted: Contract) -> None:
    purge(lake, deleted)
    lake.catalog.drop_table(lake.integration(deleted).name())
    definition = integration(deleted, names=lake.names)
    migrations.create(lake.catalog, definition)
    lake.move(deleted, *(batch(deleted, number) for number in (1, 2, 3)))
    assert told(lake, deleted) == {1: (None, True), 2: (20, False), 3: (None, True)}


def test_an_old_snapshot_does_not_bring_back_what_was_purged(lake: Lake) -> None:
    contract = dataset("purged_snapshots", ingest=Ingest.SNAPSHOT, ordering=(), may_be_empty=True,
                       source=replace(ACCOUNTS.source, type="s3", format="csv"))  # fmt: skip
    lake.create(contract)
    old = {"_source_file": "s3://stage/1", "_source_row": 1, "_batch_id": batch(contract, 1), "_ingested_at": LONG_AGO}
    load(lake, contract, 1, {"id": 1, "amount": 1, **old})
    lake.move(contract, batch(contract, 2))  # an empty state
    assert told(lake, contract) == {1: (None, True)}
    in_two_years = datetime.now(UTC) + 2 * YEAR
    assert tombstones.purge(lake.integration(contract), contract, now=in_two_years) == 1
    lake.move(contract, batch(contract, 1))
    assert told(lake, contract) == {}


@pytest.fixture(scope="module")
def many(lake: Lake) -> Contract:
    """As many batches as are compacted, each a file of the integration table, with rejected records in raw."""
    contract = dataset("many")
    lake.create(contract)
    for number in range(1, compaction.LEAST_FILES + 1):
        accepted = [change(contract, number, row, number * 10 + row, "I", at=NOW, amount=row) for row in range(1, 4)]
        errors = [{"column": "id", "reason": "missing"}]
        refused = {"_errors": errors, "_record": "x", "_source_file": f"s3://stage/{number}", "_source_row": 9}
        load(
            lake,
            contract,
            number,
            *accepted,
            {**refused, "_batch_id": batch(contract, number), "_ingested_at": INGESTED_AT},
        )
    return contract


def of(rows: list[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: row["id"])


def test_compaction_changes_no_row_and_takes_no_state_away(lake: Lake, many: Contract) -> None:
    table = lake.integration(many)
    before, earlier = of(lake.rows(many)), table.snapshots()[2]
    planned = list(table.scan().plan_files())
    then = table.scan(snapshot_id=earlier.snapshot_id).to_arrow()
    assert len(planned) >= compaction.LEAST_FILES

    compaction.compact(lake.integration(many))

    after = lake.integration(many)
    assert len(list(after.scan().plan_files())) == 1
    assert of(lake.rows(many)) == before
    assert after.scan(snapshot_id=earlier.snapshot_id).to_arrow().equals(then)
    # Somebody who planned before reads on.
    assert ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue()).to_table(planned).num_rows == len(before)
    assert compaction.plan(after) == []


def test_null_stays_null_when_files_are_rewritten(lake: Lake, many: Contract) -> None:
    def look() -> list[Record]:
        # Not by PyIceberg, which reads an empty list where a list of structs is null.
        raw = spark().table(".".join(lake.raw(many).name()))
        return sorted(
            (row.asDict(recursive=True) for row in raw.collect()),
            key=lambda row: (row["_batch_id"], row["_source_row"]),
        )

    before = look()
    table = lake.raw(many)
    rewrite(table, [[task] for task in table.scan().plan_files()])
    assert look() == before
    assert sum(row["_errors"] is None for row in before) == 3 * compaction.LEAST_FILES


def test_threads_that_look_for_files_do_not_mislead_each_other(
    lake: Lake, many: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyIceberg's threads share what they look at a manifest with; here another always comes in between."""

    def disturbed(self: _ManifestEvalVisitor, manifest: ManifestFile) -> bool:
        self.partition_fields = manifest.partitions or []
        time.sleep(0.05)
        return visit(self.partition_filter, self)

    monkeypatch.setattr(_ManifestEvalVisitor, "eval", disturbed)
    table = lake.raw(many)
    assert rewrite(table, [[task] for task in list(table.scan().plan_files())[:2]]) == 0


def test_of_two_commits_the_second_is_computed_again(lake: Lake, many: Contract) -> None:
    stale = lake.raw(many)
    groups = [list(stale.scan().plan_files())[:1]]
    load(lake, many, 9, change(many, 9, 1, 1000, "I", at=NOW))
    with pytest.raises(CommitFailedException):
        rewrite(stale, groups)

    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        if len(tries) == 1:
            rewrite(stale, groups)
        return len(tries)

    assert retry_on_conflict(work, subject="test") == 2


def test_races_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.engine.commit_conflicts.FIRST_WAIT_SECONDS", 0)

    def lose() -> None:
        raise CommitFailedException("branch main has changed")

    with pytest.raises(LakehouseError, match="10 commits in a row"):
        retry_on_conflict(lose, subject="orders, compaction")


@pytest.mark.slow
def test_snapshots_are_kept_for_their_time_and_their_number(lake: Lake) -> None:
    contract = dataset("expired")
    lake.create(contract)
    for number in range(1, SNAPSHOTS_KEPT + 4):
        load(lake, contract, number, change(contract, number, 1, number, "I", at=NOW))
    table = lake.integration(contract)
    ids = [snapshot.snapshot_id for snapshot in table.snapshots()]
    plan = partial(expiry.plan, table, keep_days=7, keep_last=SNAPSHOTS_KEPT)
    assert plan(now=NOW + timedelta(days=6)) == []
    assert plan(now=datetime.now(UTC) + timedelta(days=8)) == ids[:3]
    assert expiry.plan(table, keep_days=7, keep_last=1, now=datetime.now(UTC) + timedelta(days=8)) == ids[:-1]

    kept = [table.scan(snapshot_id=one).to_arrow().num_rows for one in ids[3:]]
    expiry.expire(table, ids[:3])
    table = lake.integration(contract)
    assert [snapshot.snapshot_id for snapshot in table.snapshots()] == ids[3:]

    s3, load_table = boto3.client("s3"), partial(lake.catalog.load_table, table.name())
    later = datetime.now(UTC) + timedelta(days=4)
    gone = orphans.find(s3, load_table, older_than=timedelta(days=3), now=later)
    assert any("snap-" in orphan.key for orphan in gone)
    orphans.delete(s3, gone)
    assert [table.scan(snapshot_id=one).to_arrow().num_rows for one in ids[3:]] == kept
    assert orphans.find(s3, load_table, older_than=timedelta(days=3), now=later) == []


def test_what_a_writer_is_about_to_commit_is_no_orphan(lake: Lake, many: Contract) -> None:
    s3, bucket = boto3.client("s3"), lake.names.bucket(Zone.RAW)
    s3.put_object(Bucket=bucket, Key="test/many/data/about-to-be-committed.parquet", Body=b"x")
    s3.put_object(Bucket=bucket, Key="test/many_more/data/of-another-table.parquet", Body=b"x")
    find = partial(orphans.find, s3, partial(lake.raw, many), older_than=timedelta(days=3))
    assert find(now=datetime.now(UTC) + timedelta(days=2)) == []
    found = [orphan.key for orphan in find(now=datetime.now(UTC) + timedelta(days=4))]
    assert "test/many/data/about-to-be-committed.parquet" in found
    assert not any("many_more" in key for key in found)


def test_maintaining_twice_does_nothing_the_second_time(lake: Lake) -> None:
    contract = dataset("twice")
    lake.create(contract)
    numbers = range(1, compaction.LEAST_FILES + 1)
    lake.receive(contract, [change(contract, number, 1, number, "I", at=NOW) for number in numbers])
    for number in numbers:
        lake.move(contract, batch(contract, number))
    definition = integration(contract, names=lake.names)
    maintain = partial(maintain_table, lake.catalog, definition, contract, names=lake.names)

    planned = maintain(dry_run=True)
    assert planned.before is not None
    assert planned.compacted == planned.before.files >= len(numbers)
    assert planned.before == planned.after
    done = maintain()
    assert done.before is not None
    assert done.after is not None
    assert (done.before, done.after.files) == (planned.before, 1)
    again = maintain()
    assert (again.compacted, again.expired, again.orphans, again.before) == (0, 0, 0, done.after)
    assert len(lake.rows(contract)) == len(numbers)
