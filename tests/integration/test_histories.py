"""Whatever happens at the sources and however it arrives, integration holds what the oracle says, now and back in time.

Each run has a table of a hundred histories; `HISTORIES` says how many in all. A step is drawn with the seed of what
it does, so that a failure names the steps that lead to it.
"""

import os
from dataclasses import replace
from functools import partial
from itertools import count
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from lakehouse.contracts import types
from lakehouse.contracts.model import Partition
from lakehouse.integration import upsert
from lakehouse.moves.raw_to_integration import Counts
from tests.support import reference_merge
from tests.support.moves.change_histories import LATER_VALUES, VALUES, History, Noise
from tests.support.moves.lake import Lake, batch, column
from tests.support.moves.upsert_dataset import ENTITIES, as_row, key, rank
from tests.support.reference_merge import Record

AT_ONCE = 100
RUNS = max(1, int(os.environ.get("HISTORIES", "100")) // AT_ONCE)
STEPS = 10

PARTITIONS: list[tuple[Partition, ...]] = [
    (),
    (Partition(column="id", transform="bucket[4]"),),
    (Partition(column="id", transform="truncate[3]"),),
    (Partition(column="code", transform="identity"), Partition(column="history", transform="truncate[10]")),
]
State = dict[tuple[Any, ...], Record]
seeds = st.integers(0, 2**32 - 1).map(Random)
datasets = count()


class Histories(RuleBasedStateMachine):
    lake: ClassVar[Lake]
    is_right = False

    @initialize(
        random=seeds, partitions=st.sampled_from(PARTITIONS), merge_rows=st.sampled_from([0, upsert.MERGE_ROWS])
    )
    def begin(self, random: Random, partitions: tuple[Partition, ...], merge_rows: int) -> None:
        self.contract = replace(ENTITIES, dataset=f"histories_{next(datasets)}", partitions=partitions)
        self.merge_rows = merge_rows
        self.lake.create(self.contract)
        self.sources: list[History | Noise] = [
            Noise(number=number, columns=VALUES)
            if number % 5 == 0
            else History(
                number=number,
                columns=VALUES,
                to_load=random.random() < 0.5,
                logs_before_load=random.random() < 0.5,
            )
            for number in range(AT_ONCE)
        ]
        self.on_the_way: list[Record] = []
        self.received: dict[str, list[Record]] = {}
        self.moved: set[str] = set()
        self.snapshots: dict[int, State] = {}
        self.state: State = {}
        self.is_widened = False
        self.arrive(random)
        self.move(random)

    @rule(random=seeds)
    def arrive(self, random: Random) -> None:
        """Sources go on; of what is on the way some arrives, in any order, some of it twice, some not yet."""
        self.on_the_way += [record for source in self.sources for record in source.go_on(random)]
        random.shuffle(self.on_the_way)
        late = random.choice([0, 0, len(self.on_the_way) // 3])
        self._receive(self.on_the_way[late:], random)
        again = random.sample(self.on_the_way[late:], k=len(self.on_the_way[late:]) // 10)
        self.on_the_way = self.on_the_way[:late] + again

    def _receive(self, records: list[Record], random: Random) -> None:
        cuts = sorted(random.sample(range(len(records)), k=min(random.randint(0, 2), len(records))))
        for first, last in zip([0, *cuts], [*cuts, len(records)], strict=True):
            batch_id = batch(self.contract, len(self.received))
            self.received[batch_id] = [
                record | {"_batch_id": batch_id, "_source_file": f"s3://{number % 3}", "_source_row": number}
                for number, record in enumerate(records[first:last])
            ]
            if self.received[batch_id]:
                self.lake.receive(self.contract, self.received[batch_id])

    @rule(random=seeds)
    def move(self, random: Random) -> None:
        """Some batches, in any order, those that were moved before among them."""
        waiting = sorted(self.received.keys() - self.moved)
        moved = random.sample(sorted(self.moved), k=min(random.choice([0, 0, 1, 3]), len(self.moved)))
        if batch_ids := {*random.sample(waiting, k=random.randint(min(1, len(waiting)), len(waiting))), *moved}:
            self._move(batch_ids)

    def _move(self, batch_ids: set[str]) -> None:
        self.is_right = False
        before, commits = self.state, self.lake.commits(self.contract)

        counts = self.lake.move(self.contract, *batch_ids, merge_rows=self.merge_rows)

        self.moved |= batch_ids
        self.state = self._expected()
        assert by_key(self.lake.rows(self.contract)) == self.state
        check_counts(counts, before, self.state, self.received)
        table = self.lake.integration(self.contract)
        assert len(table.snapshots()) == commits + (before != self.state)
        if before != self.state:
            self.snapshots[table.metadata.current_snapshot_id] = self.state
        for snapshot_id, state in self.snapshots.items():
            assert by_key(table.scan(snapshot_id=snapshot_id).to_arrow().to_pylist()) == state
        self.is_right = True

    def _expected(self) -> State:
        records = (as_row(record, self.contract) for batch_id in self.moved for record in self.received[batch_id])
        return reference_merge.current(records, key=key, rank=partial(rank, contract=self.contract))

    @precondition(lambda self: not self.is_widened)
    @rule()
    def widen(self) -> None:
        """The contract gets a column and a wider type; a table has them before the first record does."""
        wider = [
            replace(column, type=types.LONG) if column.name == "visits" else column for column in self.contract.columns
        ]
        self.contract = replace(self.contract, columns=(*wider, column("colour", types.STRING)))
        self.lake.evolve(self.contract)
        for source in self.sources:
            source.columns = LATER_VALUES
        self.state = self._expected()
        self.is_widened = True

    def teardown(self) -> None:
        """At last everything arrives; all of it again changes nothing, and tables are as their sources are."""
        if not self.is_right:  # it failed
            return
        self._receive(self.on_the_way, Random(0))  # noqa: S311
        self._move(set(self.received))
        self._move(set(self.received))
        for source in self.sources:
            if isinstance(source, History) and (source.logs_before_load or not source.to_load):
                assert {
                    (row["id"], row["code"]): {name: row[name] for name in source.columns}
                    for row in self.state.values()
                    if row["history"] == source.number and not row["_is_deleted"]
                } == {identity: dict.fromkeys(source.columns) | row for identity, row in source.rows.items()}
        self.lake.drop(self.contract)


def by_key(rows: list[Record]) -> State:
    """Rows by key, each key once."""
    found = {key(row): {name: row[name] for name in row if name != "_ingested_at"} for row in rows}
    assert len(found) == len(rows)
    return found


def check_counts(counts: dict[str, Counts], before: State, after: State, received: dict[str, list[Record]]) -> None:
    changed = [name for name in after if after[name] != before.get(name)]
    alive = {name for name, row in before.items() if not row["_is_deleted"]}
    assert {batch_id: found.read for batch_id, found in counts.items()} == {
        batch_id: len(received[batch_id]) for batch_id in counts
    }
    total = {name: sum(getattr(found, name) for found in counts.values()) for name in Counts.__slots__}
    assert total["unchanged"] == total["read"] - len(changed)
    assert total["deleted"] == sum(after[name]["_is_deleted"] for name in changed)
    assert total["updated"] == sum(name in alive and not after[name]["_is_deleted"] for name in changed)
    assert total["inserted"] == len(changed) - total["deleted"] - total["updated"]


@pytest.mark.timeout(60 + 60 * RUNS)
def test_integration_is_what_the_oracle_says(lake: Lake) -> None:
    Histories.lake = lake
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # a run takes many seconds, so none is shrunk
        ),
    )
