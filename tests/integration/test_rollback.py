"""A rollback gives a table the rows of an earlier snapshot, as a commit in its history, and says what it undoes."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import DoubleType, ListType, NestedField, StringType

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches import attempts
from lakehouse.comparison.difference import difference
from lakehouse.comparison.states import State
from lakehouse.contracts.model import Deduplicate
from lakehouse.contracts.types import INT
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.maintenance import expiry, orphans
from lakehouse.maintenance.restoring import RESTORED, restore, snapshot_of
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.moves.job import Job
from lakehouse.names import Move, Names, Zone
from lakehouse.operations import rollback
from tests.support.contract_builders import column, contract
from tests.support.moves.jobs import arrive, deployment, job_on

KEYED = Schema(
    NestedField(1, "id", StringType(), required=True),
    NestedField(2, "price", DoubleType()),
    NestedField(3, "tags", ListType(4, StringType(), element_required=False)),
    identifier_field_ids=[1],
)


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return deployment(aws, project="rollback")


@pytest.fixture(scope="module")
def iceberg(names: Names) -> Catalog:
    return catalog.load()


def create(iceberg: Catalog, names: Names, name: str) -> Table:
    location = f"s3://{names.bucket(Zone.INTEGRATION)}/{name}"
    return iceberg.create_table((names.database(Zone.INTEGRATION), name), KEYED, location=location)


def rows(table: Table, snapshot_id: int | None = None) -> dict[str, str]:
    """Rows as text, by key: NaN equals NaN."""
    found = table.scan(snapshot_id=snapshot_id).to_arrow().to_pylist()
    return {row["id"]: repr(row) for row in found}


def randomness(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same values in each run


def change(table: Table, some: random.Random) -> None:
    """Commit a random change: new keys, changed rows, or deleted ones; each value may be null."""
    state = rows(table)
    if state and some.random() < 0.3:
        table.delete(f"id = '{some.choice(sorted(state))}'")
        return
    keys = some.sample([str(number) for number in range(12)], some.randint(1, 4))
    new = [
        {
            "id": key,
            "price": some.choice([None, 1.5, float("nan"), -0.0]),
            "tags": some.choice([None, ["a"], ["a", "b"]]),
        }
        for key in keys
    ]
    arrow = pa.Table.from_pylist(new, schema=table.schema().as_arrow())
    table.overwrite(arrow, " or ".join(f"id = '{key}'" for key in keys))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_every_snapshot_can_be_restored_and_its_difference_is_right(iceberg: Catalog, names: Names, seed: int) -> None:
    some = randomness(seed)
    table = create(iceberg, names, f"keyed_{seed}")
    for _ in range(6):
        change(table, some)
    for snapshot in some.sample(table.snapshots(), 4):
        table.refresh()
        before, then = rows(table), rows(table, snapshot.snapshot_id)
        found = difference(table, State.of(table, table.current_snapshot()), State.of(table, snapshot))
        assert (found.added, found.removed, found.changed) == (
            len(then.keys() - before.keys()),
            len(before.keys() - then.keys()),
            sum(before[key] != then[key] for key in before.keys() & then.keys()),
        )
        restore(table, snapshot)
        table.refresh()
        assert rows(table) == then
        current = table.current_snapshot()
        assert current is not None
        assert current.summary is not None
        assert current.summary.additional_properties[RESTORED] == str(snapshot.snapshot_id)
        assert difference(table, State.of(table, current), State.of(table, snapshot)).is_empty


def test_a_restored_state_is_whole_after_the_snapshot_that_it_came_from_expired(iceberg: Catalog, names: Names) -> None:
    table = create(iceberg, names, "expired")
    for seed in range(4):
        change(table, randomness(seed))
    first = table.snapshots()[0]
    expected = rows(table, first.snapshot_id)
    restore(table, first)
    table.refresh()
    current = table.metadata.current_snapshot_id
    expiry.expire(table, [one.snapshot_id for one in table.snapshots() if one.snapshot_id != current])
    s3: Any = boto3.client("s3")
    found = orphans.find(
        s3,
        lambda: iceberg.load_table(table.name()),
        older_than=timedelta(0),
        now=datetime.now(UTC) + timedelta(minutes=1),
    )
    assert found
    orphans.delete(s3, found)
    assert rows(iceberg.load_table(table.name())) == expected


def test_a_commit_in_between_is_not_undone(iceberg: Catalog, names: Names) -> None:
    table = create(iceberg, names, "overtaken")
    for seed in range(2):
        change(table, randomness(seed))
    change(iceberg.load_table(table.name()), randomness(7))
    expected = rows(iceberg.load_table(table.name()))
    with pytest.raises(CommitFailedException):
        restore(table, table.snapshots()[0])
    assert rows(iceberg.load_table(table.name())) == expected


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("17", "has no snapshot 17: its snapshots are kept since 20"),
        ("2001-01-01", "has no snapshot 2001-01-01"),
        ("yesterday", "'yesterday' is neither the id of a snapshot nor a tag of .* nor a time"),
    ],
)
def test_a_state_that_is_not_there_is_refused(iceberg: Catalog, names: Names, when: str, message: str) -> None:
    table = create(iceberg, names, f"refused_{len(when)}")
    change(table, randomness(1))
    with pytest.raises(LakehouseError, match=message):
        snapshot_of(table, when)


def test_raw_is_never_rolled_back(iceberg: Catalog, names: Names) -> None:
    with pytest.raises(LakehouseError, match="raw is the record of what arrived"):
        rollback.plan(iceberg, "raw.orders", to="1", names=names)


def test_batches_that_are_undone_come_back_only_when_they_are_named(names: Names) -> None:
    shop = replace(
        contract(column("id", INT, required=True), column("note")), dataset="shop", deduplicate=Deduplicate.NONE
    )
    job = job_on(shop, names=names)
    batches = [arrive(job, f"id,note\n{number},a\n") for number in range(3)]
    stage_to_raw.run(replace(job, batch_ids=tuple(batches)))
    for batch_id in batches:
        merge(job, batch_id)
    integration = job.catalog.load_table((names.database(Zone.INTEGRATION), "shop"))
    planned = rollback.plan(job.catalog, "shop", to=str(integration.snapshots()[0].snapshot_id), names=names)
    assert list(planned.batches) == batches[1:]
    assert planned.difference.removed == 2
    rollback.roll_back(job.catalog, planned, names=names)
    assert ids(job) == [0]
    history = attempts.read(job.catalog, names=names, dataset="shop")
    assert [one.state for one in history[-2:]] == [attempts.ROLLED_BACK] * 2
    assert attempts.pending(batches, history)[Move.RAW_TO_INTEGRATION] == []
    stage_to_raw.run(replace(job, batch_ids=(batches[1],)))
    history = attempts.read(job.catalog, names=names, dataset="shop")
    assert attempts.pending(batches, history)[Move.RAW_TO_INTEGRATION] == [batches[1]]
    again = rollback.plan(job.catalog, "integration.shop", to=str(planned.replaced), names=names)
    rollback.roll_back(job.catalog, again, names=names)
    assert ids(job) == [0, 1, 2]
    to_first = rollback.plan(job.catalog, "shop", to=str(integration.snapshots()[0].snapshot_id), names=names)
    rollback.roll_back(job.catalog, to_first, names=names, replay=True)
    assert ids(job) == [0]
    due = attempts.pending(batches, attempts.read(job.catalog, names=names, dataset="shop"))
    assert due[Move.RAW_TO_INTEGRATION] == batches[1:]
    merge(job, *batches[1:])
    assert ids(job) == [0, 1, 2]
    due = attempts.pending(batches, attempts.read(job.catalog, names=names, dataset="shop"))
    assert due[Move.RAW_TO_INTEGRATION] == []


def merge(job: Job, *batch_ids: str) -> None:
    raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION, batch_ids=batch_ids, run_id="jr_2"))


def ids(job: Job) -> list[int]:
    table = job.catalog.load_table((job.names.database(Zone.INTEGRATION), job.contract.dataset))
    return sorted(table.scan().to_arrow()["id"].to_pylist())
