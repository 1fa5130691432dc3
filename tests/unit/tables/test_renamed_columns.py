"""A deployed `ops.batches` has the old column `refused`: jobs go on with it, and `tables apply` renames it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from lakehouse.batches import attempts
from lakehouse.batches.attempts import SUCCEEDED, Attempt
from lakehouse.errors import LakehouseError
from lakehouse.names import Move, Names, OpsTable
from lakehouse.tables import migrations, ops
from lakehouse.tables.definition import Definition
from lakehouse.tables.diff import Action, Change

AT = datetime(2026, 3, 1, tzinfo=UTC)


def attempt(number: int, *, rejected: int | None) -> Attempt:
    return Attempt(
        dataset="orders",
        batch_id=f"orders-{number:08d}",
        move=Move.STAGE_TO_RAW,
        state=SUCCEEDED,
        started_at=AT + timedelta(minutes=number),
        finished_at=AT + timedelta(minutes=number, seconds=30),
        run_id=f"jr_{number}",
        received=10,
        accepted=None if rejected is None else 10 - rejected,
        rejected=rejected,
    )


@pytest.fixture
def batches(names: Names) -> Definition:
    [definition] = [definition for definition in ops.definitions(names=names) if definition.table == OpsTable.BATCHES]
    return definition


@pytest.fixture
def deployed(lake: Catalog, batches: Definition) -> Table:
    """The table as the previous release made it, with one row."""
    old = replace(
        batches,
        fields=tuple(replace(field, name="refused") if field.name == "rejected" else field for field in batches.fields),
    )
    migrations.create(lake, old)
    table = lake.load_table(old.name)
    row = {
        "dataset": "orders",
        "batch_id": "orders-00000001",
        "move": "stage_to_raw",
        "state": SUCCEEDED,
        "received": 10,
        "accepted": 7,
        "refused": 3,
        "started_at": AT + timedelta(minutes=1),
        "finished_at": AT + timedelta(minutes=1, seconds=30),
        "run_id": "jr_1",
    }
    table.append(pa.Table.from_pylist([row], schema=table.schema().as_arrow()))
    return table


def test_attempts_are_read_and_recorded_before_the_column_is_renamed(
    lake: Catalog, names: Names, deployed: Table
) -> None:
    assert attempts.read(lake, names=names) == [attempt(1, rejected=3)]

    attempts.record(lake, [attempt(2, rejected=4)], names=names)

    assert attempts.read(lake, names=names, dataset="orders") == [attempt(1, rejected=3), attempt(2, rejected=4)]
    assert "rejected" not in deployed.refresh().schema().column_names


def test_apply_renames_the_column_and_keeps_its_rows(
    lake: Catalog, names: Names, deployed: Table, batches: Definition
) -> None:
    attempts.record(lake, [attempt(2, rejected=None)], names=names)
    before = deployed.refresh()
    files = [task.file.file_path for task in before.scan().plan_files()]

    planned = [change for change in migrations.plan(lake, [], names) if change.table == batches.name]
    migrations.apply(lake, [], names)

    after = lake.load_table(batches.name)
    rename = Change(table=batches.name, action=Action.RENAME, detail="rename column refused -> rejected")
    assert [change for change in planned if change.action is not Action.OPTIMIZE] == [rename]
    assert after.schema().column_names == [field.name for field in batches.fields]
    assert field_id(after.schema(), "rejected") == field_id(before.schema(), "refused")
    assert [task.file.file_path for task in after.scan().plan_files()] == files
    assert attempts.read(lake, names=names) == [attempt(1, rejected=3), attempt(2, rejected=None)]
    attempts.record(lake, [attempt(3, rejected=5)], names=names)
    assert attempts.read(lake, names=names)[-1] == attempt(3, rejected=5)
    assert migrations.plan(lake, [], names) == []


def test_a_job_that_loaded_the_table_before_the_rename_still_appends(
    lake: Catalog, names: Names, deployed: Table, batches: Definition
) -> None:
    row = {"dataset": "orders", "batch_id": "orders-00000002", "move": "stage_to_raw", "refused": 4}
    row |= {"started_at": AT + timedelta(hours=1), "finished_at": AT + timedelta(hours=1)}
    stale = pa.Table.from_pylist([row], schema=deployed.schema().as_arrow())
    migrations.migrate_table(lake, batches)

    deployed.append(stale)

    assert [read.rejected for read in attempts.read(lake, names=names)] == [3, 4]


def test_a_column_is_renamed_and_changed_at_once(lake: Catalog, deployed: Table, batches: Definition) -> None:
    fields = [replace(field, doc="How many") if field.name == "rejected" else field for field in batches.fields]

    migrations.migrate_table(lake, replace(batches, fields=tuple(fields)))

    assert lake.load_table(batches.name).schema().find_field("rejected").doc == "How many"


def test_a_table_with_both_columns_is_refused(lake: Catalog, names: Names, deployed: Table) -> None:
    with deployed.update_schema() as update:
        update.add_column("rejected", deployed.schema().find_type("refused"))

    with pytest.raises(LakehouseError, match="column refused is no longer in the contract"):
        migrations.apply(lake, [], names)


def field_id(schema: Schema, name: str) -> int:
    return schema.find_field(name).field_id
