"""Rows with a key: whatever arrives, in whatever order and how often, integration holds what the oracle says."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse import entities, types
from lakehouse.contract import Contract, Ingest, Partition, Source
from lakehouse.errors import LakehouseError
from lakehouse.moves.raw_to_integration import Counts
from tests import oracle
from tests.integration.lake import ACCOUNTS, Lake, batch, column
from tests.oracle import Record, nulls_lowest

PHASES = [Phase.generate]  # an example takes seconds, so none is shrunk
EXAMPLES = int(os.environ.get("EXAMPLES", "6"))
"""Each is about a hundred histories in a table that holds those of all examples before."""

ENTITIES = Contract(
    path="contracts/test/entities.odcs.yaml",
    domain="test",
    dataset="entities",
    version="1.0.0",
    columns=(
        column("history", types.LONG, required=True),
        column("id", types.LONG, required=True),
        column("code", types.STRING, required=True),
        column("amount", types.decimal(8, 2)),
        column("name", types.STRING),
        column("at", types.TIMESTAMP),
        column("tags", types.list_of(types.INT)),
        column("place", types.struct_of({"city": types.STRING, "zip": types.INT})),
    ),
    key=("history", "id", "code"),
    ingest=Ingest.CDC,
    source=Source(name="shop", type="postgresql", format="parquet"),
    ordering=("_change_seq",),
)
CONTENTS = ("amount", "name", "at", "tags", "place")
MOMENTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=number) for number in range(3)]

contents = st.fixed_dictionaries(
    {
        "amount": st.none() | st.decimals(-2, 2, places=2),
        "name": st.sampled_from([None, "", "a", "ä"]),
        "at": st.none() | st.sampled_from(MOMENTS),
        "tags": st.none() | st.lists(st.none() | st.integers(0, 1), max_size=2),
        "place": st.none()
        | st.fixed_dictionaries({"city": st.sampled_from([None, "A"]), "zip": st.sampled_from([None, 1])}),
    }
)
# Few of each, so that they tie.
keys = st.fixed_dictionaries({"id": st.integers(-20, 20), "code": st.sampled_from(["x", "O'Brien\\n ä"])})
changes = st.fixed_dictionaries(
    {
        "_op": st.sampled_from("IUUD"),
        "_change_seq": st.none() | st.just("") | st.integers(1, 4).map(lambda number: f"{number:035d}"),
        "_commit_ts": st.none() | st.sampled_from(MOMENTS),
    }
)
records = st.tuples(keys, changes, contents).map(lambda parts: parts[0] | parts[1] | parts[2])
deliveries = st.lists(st.lists(records, min_size=1, max_size=60), min_size=1, max_size=4)


def key(record: Record) -> tuple[Any, ...]:
    return tuple(record[name] for name in ENTITIES.key)


def rank(record: Record) -> Any:
    return (
        record["_change_seq"] or "",
        nulls_lowest(record["_commit_ts"]),
        record["_is_deleted"],
        nulls_lowest([record[name] for name in CONTENTS]),
    )


def as_row(record: Record) -> Record:
    """A raw record as a row of the integration table."""
    row = {name: value for name, value in record.items() if name != "_op"}
    return row | {"_is_deleted": record["_op"] == "D"} | (dict.fromkeys(CONTENTS) if record["_op"] == "D" else {})


TABLES = [
    ENTITIES,
    replace(ENTITIES, dataset="by_bucket", partitions=(Partition(column="id", transform="bucket[4]"),)),
    replace(ENTITIES, dataset="by_range", partitions=(Partition(column="id", transform="truncate[7]"),)),
    replace(
        ENTITIES,
        dataset="by_value",
        partitions=(
            Partition(column="code", transform="identity"),
            Partition(column="history", transform="truncate[10]"),
        ),
    ),
]
histories, numbers = count(), count(1)


@cache
def created(lake: Lake, dataset: str) -> Contract:
    contract = next(contract for contract in TABLES if contract.dataset == dataset)
    lake.create(contract)
    return contract


def state(lake: Lake, contract: Contract, history: int) -> dict[tuple[Any, ...], Record]:
    """Rows of one history by key, each key once."""
    rows = lake.rows(contract, f"history = {history}")
    found = {key(row): {name: row[name] for name in row if name != "_ingested_at"} for row in rows}
    assert len(found) == len(rows)
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(
    dataset=st.sampled_from([contract.dataset for contract in TABLES]),
    merge_rows=st.sampled_from([0, entities.MERGE_ROWS]),
    delivered=deliveries,
    data=st.data(),
)
def test_any_order_repetition_and_split_give_the_oracles_table(
    lake: Lake, dataset: str, merge_rows: int, delivered: list[list[Record]], data: st.DataObject
) -> None:
    contract, history = created(lake, dataset), next(histories)
    received: dict[str, list[Record]] = {}
    for batch_records in delivered:
        batch_id = batch(contract, next(numbers))
        received[batch_id] = [
            record | {"history": history, "_batch_id": batch_id, "_source_file": f"s3://{n % 3}", "_source_row": n}
            for n, record in enumerate(batch_records)
        ]
    lake.receive(contract, [record for batch_records in received.values() for record in batch_records])
    # Batches in any order, some at once, some again.
    order = data.draw(st.permutations([*received, *data.draw(st.lists(st.sampled_from(list(received)), max_size=2))]))
    cuts = data.draw(st.sets(st.integers(1, len(order))))
    seen: set[str] = set()
    for first, last in zip([0, *sorted(cuts)], [*sorted(cuts), len(order)], strict=True):
        if not (batch_ids := set(order[first:last])):
            continue
        before, commits = state(lake, contract, history), lake.commits(contract)

        counts = lake.move(contract, *batch_ids, merge_rows=merge_rows)

        seen |= batch_ids
        expected = oracle.current(
            (as_row(record) for batch_id in seen for record in received[batch_id]), key=key, rank=rank
        )
        after = state(lake, contract, history)
        assert after == expected
        check_counts(counts, before, after, received)
        assert lake.commits(contract) == commits + (before != after)

    commits = lake.commits(contract)
    lake.move(contract, *received)
    assert lake.commits(contract) == commits


def check_counts(counts: dict[str, Counts], before: Any, after: Any, received: dict[str, list[Record]]) -> None:
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


def account(contract: Contract, number: int, **values: Any) -> Record:
    origin = {"_batch_id": batch(contract, number), "_source_file": f"s3://stage/{number}", "_source_row": values["id"]}
    return {"_op": "U", "_change_seq": f"{number:035d}"} | origin | values


def partitions_of_files(lake: Lake, contract: Contract) -> dict[str, Any]:
    return {task.file.file_path: task.file.partition[0] for task in lake.integration(contract).scan().plan_files()}


@pytest.mark.parametrize("merge_rows", [0, entities.MERGE_ROWS])
def test_a_commit_touches_only_the_partitions_of_its_batch(lake: Lake, merge_rows: int) -> None:
    contract = replace(
        ACCOUNTS, dataset=f"pruned_{merge_rows}", partitions=(Partition(column="id", transform="truncate[100]"),)
    )
    lake.create(contract)
    lake.receive(
        contract,
        [
            *(account(contract, 1, id=id_, amount=1) for id_ in range(-1000, 1000)),
            *(account(contract, 2, id=id_, amount=2) for id_ in (-1, 0, 5, 999)),
        ],
    )
    lake.move(contract, batch(contract, 1))
    files = partitions_of_files(lake, contract)

    lake.move(contract, batch(contract, 2), merge_rows=merge_rows)

    after = partitions_of_files(lake, contract)
    assert len(set(files.values())) == 20
    assert {partition for file, partition in files.items() if file not in after} == {-100, 0, 900}
    assert {partition for file, partition in after.items() if file not in files} == {-100, 0, 900}
    assert {row["id"] for row in lake.rows(contract) if row["amount"] == 2} == {-1, 0, 5, 999}


def test_a_late_update_does_not_bring_a_row_back_but_a_later_insert_does(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="late")
    lake.create(contract)
    lake.receive(
        contract,
        [
            account(contract, 1, id=1, amount=1, _change_seq=""),
            account(contract, 2, id=1, amount=1, _op="D", _change_seq="3"),
            account(contract, 3, id=1, amount=2, _change_seq="2"),
            account(contract, 4, id=1, amount=4, _op="I", _change_seq="4"),
        ],
    )

    def after(number: int) -> tuple[Any, bool, str, Counts]:
        counts = lake.move(contract, batch(contract, number))[batch(contract, number)]
        [row] = lake.rows(contract)
        return row["amount"], row["_is_deleted"], row["_change_seq"], counts

    assert after(1) == (1, False, "", Counts(read=1, inserted=1))
    assert after(2) == (None, True, "3", Counts(read=1, deleted=1))
    assert after(3) == (None, True, "3", Counts(read=1, unchanged=1))
    assert after(4) == (4, False, "4", Counts(read=1, inserted=1))


def test_events_without_an_operation_are_ordered_by_their_own_columns(lake: Lake) -> None:
    contract = replace(
        ACCOUNTS,
        dataset="events",
        source=Source(name="app", type="kafka", format="json"),
        columns=(*ACCOUNTS.columns, column("version", types.INT, required=True)),
        ordering=("version",),
    )
    lake.create(contract)
    lake.receive(
        contract,
        [
            account(contract, 1, id=1, amount=1, version=2),
            account(contract, 2, id=1, amount=2, version=1),
            account(contract, 3, id=1, amount=None, version=3),
        ],
    )
    for number in (2, 1, 3):
        lake.move(contract, batch(contract, number))

    [row] = lake.rows(contract)
    assert (row["amount"], row["version"], row["_is_deleted"]) == (None, 3, False)


def test_a_record_that_is_read_again_replaces_what_it_was(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="reread")
    lake.create(contract)
    lake.receive(contract, [account(contract, 1, id=1, amount=9)])
    lake.move(contract, batch(contract, 1))
    lake.raw(contract).delete()  # the contract was corrected, and its batch loaded again
    lake.receive(contract, [account(contract, 1, id=1, amount=1)])

    assert lake.move(contract, batch(contract, 1))[batch(contract, 1)].updated == 1
    assert [row["amount"] for row in lake.rows(contract)] == [1]


def test_refused_records_stay_in_raw(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="refused")
    lake.create(contract)
    refusal = {"_errors": [{"column": "amount", "reason": "is no number"}], "_record": "x"}
    lake.receive(contract, [account(contract, 1, id=1, amount=1), account(contract, 1, id=2, amount=None) | refusal])

    assert lake.move(contract, batch(contract, 1))[batch(contract, 1)] == Counts(read=1, inserted=1)
    assert [row["id"] for row in lake.rows(contract)] == [1]


def test_a_batch_that_is_not_in_raw_changes_nothing(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="nothing")
    lake.create(contract)
    assert lake.move(contract, batch(contract, 1)) == {batch(contract, 1): Counts()}
    assert lake.commits(contract) == 0


def test_a_key_that_is_null_is_refused(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="keyless")
    lake.create(contract)
    lake.receive(contract, [account(contract, 1, id=1) | {"id": None}])
    with pytest.raises(
        LakehouseError, match=r"keyless: 1 accepted records of batch keyless-00000001 lack .* key \(id\)"
    ):
        lake.move(contract, batch(contract, 1))


def test_tables_that_are_not_as_the_contract_says_are_refused(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="missing")
    with pytest.raises(LakehouseError, match=r"no table \w+raw.missing: .*lakehouse tables apply"):
        lake.move(contract, batch(contract, 1))
    lake.create(contract)
    wider = replace(contract, columns=(*contract.columns, column("colour", types.STRING)))
    with pytest.raises(LakehouseError, match=r"lacks columns \['colour'\] .*lakehouse tables apply"):
        lake.move(wider, batch(contract, 1))
