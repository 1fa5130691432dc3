"""A release follows a state whose rows no release has: random histories of tables against a plain account of them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakehouse.names import Names
from lakehouse.releases.recording import following
from lakehouse.releases.release import Release
from lakehouse.releases.state import Rows, State, TableState
from lakehouse.tables import inserts

AT = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class History:
    """A table: its snapshots, and which rows were written and removed since the last release."""

    snapshots: dict[int, dict[str, Any]] = field(default_factory=dict)
    current: int = -1
    rows: int = 0
    added: int = 0
    removed: int = 0
    is_changed: bool = False

    def commit(self, operation: str, *, snapshot_id: int, added: int = 0, removed: int = 0, totals_only: bool) -> None:
        counts = {} if totals_only else {"added-records": str(added), "deleted-records": str(removed)}
        if operation != "replace":
            self.rows += added - removed
            self.is_changed = True
            net = added - removed
            self.added += max(net, 0) if totals_only else added
            self.removed += max(-net, 0) if totals_only else removed
        self.snapshots[snapshot_id] = {
            "snapshot-id": snapshot_id,
            **({"parent-snapshot-id": self.current} if self.current != -1 else {}),
            "summary": {"operation": operation, "total-records": str(self.rows), **counts},
        }
        self.current = snapshot_id

    @property
    def state(self) -> TableState:
        return TableState(snapshot_id=self.current, snapshots=self.snapshots)


def step(some: random.Random, tables: dict[str, History], number: int) -> None:
    """Create, drop or change a table, compact one, or restore a state of one."""
    name = f"curated.t{some.randrange(4)}"
    if name not in tables:
        tables[name] = History()
        tables[name].commit("append", snapshot_id=number, added=some.randrange(1, 9), totals_only=False)
    elif some.random() < 0.1:
        del tables[name]
    else:
        kind = some.choice(["append", "overwrite", "replace", "restore"])
        added = 0 if kind == "replace" else some.randrange(9)
        removed = some.randint(0, tables[name].rows) if kind in ("overwrite", "restore") else 0
        operation = "overwrite" if kind == "restore" else kind
        tables[name].commit(
            operation, snapshot_id=number, added=added, removed=removed, totals_only=kind in ("restore", "replace")
        )


@pytest.mark.parametrize("seed", range(40))
def test_a_release_names_each_change_since_the_last_and_no_compaction(seed: int) -> None:
    some = random.Random(seed)  # noqa: S311 - the same histories in each run
    tables: dict[str, History] = {}
    last: Release | None = None
    known: dict[str, History] = {}
    for number in range(1, 80):
        step(some, tables, number)
        if some.random() < 0.5:
            continue
        state = State(at=AT + timedelta(seconds=number), tables={name: one.state for name, one in tables.items()})
        new = following(state, last, started_by="test")
        changed = {name: Rows(added=one.added, removed=one.removed) for name, one in tables.items() if one.is_changed}
        for name, one in tables.items():
            if known.get(name) is not one:  # created, also again under its name
                changed[name] = Rows(added=one.rows, removed=0) if name not in known else changed[name]
        changed |= {name: Rows(added=0, removed=0) for name in known if name not in tables}
        if not changed:
            assert new is None
            continue
        assert new is not None
        assert new.by_table == {name: one.current for name, one in tables.items()}
        counted = zip(new.added, new.removed, strict=True)
        found = {name: Rows(added=more, removed=less) for name, (more, less) in zip(new.changed, counted, strict=True)}
        assert found == changed
        assert following(state, new, started_by="another run") is None
        last, known = new, dict(tables)
        for one in tables.values():
            one.added = one.removed = 0
            one.is_changed = False


def test_the_same_state_has_the_same_id_and_a_slow_clock_puts_no_release_before_the_last() -> None:
    def state(at: datetime, **snapshots: int) -> State:
        tables: Mapping[str, TableState] = {
            name: TableState(snapshot_id=one, snapshots={one: {"snapshot-id": one}}) for name, one in snapshots.items()
        }
        return State(at=at, tables=tables)

    first = following(state(AT, a=1, b=2), None, started_by="one")
    same = following(state(AT + timedelta(seconds=3), b=2, a=1), None, started_by="two")
    assert first is not None
    assert same is not None
    assert first.release_id == same.release_id
    later = following(state(AT - timedelta(hours=1), a=1, b=3), first, started_by="three")
    assert later is not None
    assert later.release_id != first.release_id
    assert later.released_at > first.released_at


def test_rows_of_all_sizes_become_statements_that_athena_takes(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    monkeypatch.setattr(inserts.athena, "query", lambda _, sql, **__: statements.append(sql))
    many = State(
        at=AT,
        tables={
            f"curated.it's_{number}": TableState(snapshot_id=number, snapshots={number: {}}) for number in range(900)
        },
    )
    row = following(many, None, started_by="x" * (inserts.STATEMENT_BYTES // 5))
    assert row is not None
    inserts.insert(object(), [row] * 5, names=names)  # type: ignore[arg-type]
    assert [statement.count("TIMESTAMP '2026-12-01 00:00:00.000000 UTC'") for statement in statements] == [2, 2, 1]
    longest = max(part.count(",") + 1 for part in statements[-1].split("ARRAY[")[1:])
    assert longest <= inserts.ARRAY_VALUES + 2  # and what follows the array
    assert "'curated.it''s_7'" in statements[0]
