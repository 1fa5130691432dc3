"""The difference of two snapshots equals that of two lists of rows, computed in plain Python."""

import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
)

from lakehouse.comparison import difference as module
from lakehouse.comparison import partitions
from lakehouse.comparison.difference import Difference, difference
from lakehouse.comparison.states import State
from tests.support.moves.local_tables import LocalCatalog, add_file, delete_positions, drop_file

PART = StructType(NestedField(7, "a", IntegerType()), NestedField(8, "b", DoubleType()))
SCHEMA = Schema(
    NestedField(1, "id", IntegerType()),
    NestedField(2, "name", StringType()),
    NestedField(3, "price", DoubleType()),
    NestedField(4, "parts", ListType(6, PART, element_required=False)),
    NestedField(5, "amount", DecimalType(9, 2)),
)
FLOATS = st.sampled_from([None, 0.0, -0.0, 1.5, math.nan, math.inf])
PARTS = st.none() | st.fixed_dictionaries({"a": st.sampled_from([None, 1]), "b": FLOATS})
VALUES: dict[int, st.SearchStrategy[Any]] = {
    1: st.sampled_from([None, 1, 2, 3, 4]),
    2: st.sampled_from([None, "", "a", "é"]),
    3: FLOATS,
    4: st.none() | st.lists(PARTS, max_size=2),
    5: st.sampled_from([None, Decimal("0.00"), Decimal("1.10")]),
    9: st.sampled_from([None, 2**40]),
}
"""Values of each column, by its id; 9 is a column that is added."""
Row = dict[int, Any]


class History:
    """A table, and next to it its files as lists of rows."""

    def __init__(self, folder: Path) -> None:
        self.table = LocalCatalog(folder).create(SCHEMA)
        self.files: dict[str, dict[int, Row]] = {}
        self.states: dict[int, list[Row]] = {}
        self.columns: dict[int, set[int]] = {}

    def append(self, rows: list[Row]) -> None:
        names = {field.field_id: field.name for field in self.table.schema().fields}
        path = add_file(self.table, [{names[i]: row.get(i) for i in names} for row in rows])
        self.files[path] = {number: {i: row.get(i) for i in names} for number, row in enumerate(rows)}
        self.commit()

    def delete(self, data: st.DataObject) -> None:
        path = list(self.files)[data.draw(st.integers(0, len(self.files) - 1))]  # paths differ from run to run
        positions = data.draw(st.sets(st.sampled_from(sorted(self.files[path])), min_size=1))
        if len(positions) == len(self.files[path]):
            drop_file(self.table, path)
            del self.files[path]
        else:
            delete_positions(self.table, path, sorted(positions))
            for position in positions:
                del self.files[path][position]
        self.commit()

    def evolve(self, step: str) -> None:
        fields = {field.field_id: field for field in self.table.schema().fields}
        with self.table.update_schema(allow_incompatible_changes=True) as update:
            match step:
                case "rename" if 2 in fields:
                    update.rename_column(fields[2].name, f"{fields[2].name}_new")
                case "drop" if 3 in fields:
                    update.delete_column("price")
                case "add" if 9 not in fields and self.table.metadata.last_column_id == 8:
                    update.add_column("price" if 3 not in fields else "more", LongType())
                case "widen":
                    update.update_column("id", LongType())
                    update.update_column("amount", DecimalType(12, 2))
                case "rename inside":
                    update.rename_column(
                        ("parts", "element", self.table.schema().find_column_name(7).split(".")[-1]), "x"
                    )

    def commit(self) -> None:
        snapshot = self.table.current_snapshot()
        assert snapshot is not None
        self.states[snapshot.snapshot_id] = [row.copy() for file in self.files.values() for row in file.values()]
        self.columns[snapshot.snapshot_id] = {field.field_id for field in self.table.schema().fields}

    def rows(self, snapshot: int, columns: set[int]) -> list[Row]:
        return [{i: value for i, value in row.items() if i in columns} for row in self.states[snapshot]]


def plain(value: Any) -> Any:
    """Return a value that can be compared with `==` and hashed; null fields of a struct are like absent ones."""
    match value:
        case float():
            return "NaN" if math.isnan(value) else value + 0.0
        case list():
            return tuple(map(plain, value))
        case dict():
            return frozenset((name, plain(one)) for name, one in value.items() if one is not None)
    return value


def expected(old: Iterable[Row], new: Iterable[Row], key: Sequence[int]) -> tuple[Any, ...]:
    """Rows added, removed, changed, and the changed rows by column."""
    before, after = (Counter(tuple(plain(row.get(i)) for i in sorted(VALUES)) for row in rows) for rows in (old, new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    if not key:
        return len(come), len(gone), None, {}
    place = {i: number for number, i in enumerate(sorted(VALUES))}
    of_key = [Counter(tuple(row[place[i]] for i in key) for row in rows) for rows in (gone, come)]
    changed = [one for one in of_key[0] if of_key[0][one] == of_key[1][one] == 1]
    columns: Counter[int] = Counter()
    for one in changed:
        [left], [right] = ([row for row in rows if tuple(row[place[i]] for i in key) == one] for rows in (gone, come))
        columns.update(i for i in VALUES if left[place[i]] != right[place[i]])
    return len(come) - len(changed), len(gone) - len(changed), len(changed), dict(columns)


@settings(max_examples=int(os.environ.get("EXAMPLES", "15")), deadline=None, phases=[Phase.generate])
@given(data=st.data(), parts=st.sampled_from([1, 3]))
def test_two_snapshots_differ_as_two_lists_of_rows_do(data: st.DataObject, parts: int) -> None:
    rows = st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=6)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(partitions, "PART_BYTES", 10**9 if parts == 1 else 2_000)
        history = History(Path(folder))
        for step in data.draw(st.lists(st.sampled_from(["append", "append", "delete", "evolve"]), max_size=8)):
            if step == "append" or not history.files:
                history.append(data.draw(rows))
            elif step == "delete":
                history.delete(data)
            else:
                history.evolve(data.draw(st.sampled_from(["rename", "drop", "add", "widen", "rename inside"])))
        history.append(data.draw(rows))
        places = [data.draw(st.integers(0, len(history.states) - 1)) for _ in "ab"]
        old, new = (list(history.states)[place] for place in places)
        later = history.columns[list(history.states)[max(places)]]
        key = data.draw(st.sampled_from([[], [1], [1, 5]]))
        found = compared(history.table, old, new, key)
        columns = {column.name: column.rows for column in found.columns}
        assert (found.added, found.removed, found.changed, columns) == with_names(
            expected(history.rows(old, later), history.rows(new, later), key), history.table, old, new
        )
        assert all(0 < len(column.examples) <= 3 for column in found.columns if shown(history.table, column.name))


def compared(table: Table, old: int, new: int, key: Sequence[int]) -> Difference:
    states = [State.of(table, table.snapshot_by_id(one)) for one in (old, new)]
    names = [str(table.schema().find_column_name(i)) for i in key]
    return difference(table, *states, key=names, shown=table.schema().column_names)


def shown(table: Table, name: str) -> bool:
    return name in {field.name for field in table.schema().fields}


def with_names(found: tuple[Any, ...], table: Table, old: int, new: int) -> tuple[Any, ...]:
    """Give the columns the names that they have in the new state, or had in the old one."""
    *counts, columns = found
    schemas = [State.of(table, table.snapshot_by_id(one)).schema for one in (old, new)]
    names = [{field.field_id: field.name for field in schema.fields} for schema in schemas]
    named = {}
    for i, count in columns.items():
        dropped = i not in names[1] and names[0][i] in names[1].values()
        named[names[1].get(i) or names[0][i] + " (dropped)" * dropped] = count
    return *counts, named


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return LocalCatalog(tmp_path).create(SCHEMA)


def row(id_: int, name: str = "a") -> dict[str, Any]:
    return {"id": id_, "name": name}


def test_files_of_both_snapshots_are_not_read(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = module.read
    monkeypatch.setattr(
        module, "read", lambda io, task, **options: opened.append(task.file.file_path) or real(io, task, **options)
    )
    for number in range(5):
        add_file(table, [row(number)])
    changed = add_file(table, [row(6), row(7)])
    first = table.current_snapshot()
    assert first is not None
    drop_file(table, changed)
    new = add_file(table, [row(6), row(7, "b")])
    last = table.current_snapshot()
    assert last is not None
    found = compared(table, first.snapshot_id, last.snapshot_id, [1])
    assert (found.changed, found.columns[0].name) == (1, "name")
    assert sorted(opened) == sorted([changed, new])
    opened.clear()
    add_file(table, [row(number) for number in range(10, 20)])
    appended = table.current_snapshot()
    assert appended is not None
    assert compared(table, last.snapshot_id, appended.snapshot_id, [1]).added == 10
    assert opened == []  # one state has no other files: their statistics say how many rows they have


def test_columns_that_may_not_be_shown_are_counted(table: Table) -> None:
    first = add_file(table, [row(1), row(2)])
    before = table.current_snapshot()
    drop_file(table, first)
    add_file(table, [row(1, "secret"), row(2, "secret")])
    states = [State.of(table, one) for one in (before, table.current_snapshot())]
    for visible, key in ((["id"], None), (["name"], None), (["id", "name"], (1,))):
        found = difference(table, *states, key=["id"], shown=visible)
        [column] = found.columns
        assert (column.name, column.rows) == ("name", 2)
        if "name" in visible:
            assert [(one.key, one.old, one.new) for one in column.examples][:1] == [(key, "a", "secret")]
        else:
            assert column.examples == ()


def test_changes_of_the_columns_are_named(table: Table) -> None:
    add_file(table, [row(1)])
    before = table.current_snapshot()
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.rename_column("name", "title")
        update.delete_column("price")
        update.update_column("id", LongType())
        update.add_column("more", StringType())
    add_file(table, [])
    states = [State.of(table, one) for one in (before, table.current_snapshot())]
    assert difference(table, *states).schema == (
        "column id: int -> long",
        "column name was renamed to title",
        "column more string was added",
        "column price was dropped",
    )
