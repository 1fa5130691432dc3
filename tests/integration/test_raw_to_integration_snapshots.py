"""Snapshots: the latest is the state, and what it leaves out was deleted."""

import os
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Contract, Ingest, Partition, Source
from lakehouse.errors import LakehouseError
from lakehouse.integration.upsert import MERGE_ROWS
from tests.support.moves.lake import ACCOUNTS, Lake, batch
from tests.support.reference_merge import Record

EXAMPLES = int(os.environ.get("EXAMPLES", "2"))

PRICES = replace(
    ACCOUNTS,
    dataset="prices",
    ingest=Ingest.SNAPSHOT,
    ordering=(),
    source=Source(name="erp", type="s3", format="csv"),
    partitions=(Partition(column="id", transform="bucket[2]"),),
)
datasets = count()

snapshots = st.lists(
    st.tuples(st.dictionaries(st.integers(0, 9), st.integers(0, 2), min_size=1), st.sampled_from([0, 0, 1])),
    min_size=1,
    max_size=4,
)


def records(contract: Contract, number: int, state: dict[int, int], rejected: int = 0) -> list[Record]:
    origin = {"_batch_id": batch(contract, number), "_source_file": "s3://erp"}
    rejection = {"_errors": [{"column": "amount", "reason": "is no number"}], "_record": "7,x"}
    return [
        *({"id": id_, "amount": amount, "_source_row": id_, **origin} for id_, amount in state.items()),
        *({"_source_row": 100 + n, **origin, **rejection} for n in range(rejected)),
    ]


def state(lake: Lake, contract: Contract) -> dict[int, tuple[int | None, bool]]:
    rows = lake.rows(contract)
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: (row["amount"], row["_is_deleted"]) for row in rows}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(sent=snapshots, merge_rows=st.sampled_from([0, MERGE_ROWS]), data=st.data())
def test_the_latest_snapshot_is_the_state(
    lake: Lake, sent: list[tuple[dict[int, int], int]], merge_rows: int, data: st.DataObject
) -> None:
    contract = replace(PRICES, dataset=f"prices_{next(datasets)}")
    lake.create(contract)
    lake.receive(contract, [record for number, each in enumerate(sent) for record in records(contract, number, *each)])
    expected: dict[int, Any] = {}
    newest = -1
    for number in data.draw(st.permutations([*range(len(sent)), *range(len(sent))])):
        if number >= newest:
            newest = number
            rows, rejected = sent[number]
            if not rejected:
                expected = dict.fromkeys(expected, (None, True))
            expected |= {id_: (amount, False) for id_, amount in rows.items()}
        before, commits = state(lake, contract), lake.commits(contract)

        counts = lake.move(contract, batch(contract, number), merge_rows=merge_rows)[batch(contract, number)]

        assert state(lake, contract) == expected
        assert counts.read == len(sent[number][0])
        assert counts.deleted == sum(row[1] and not before.get(id_, (None, False))[1] for id_, row in expected.items())
        assert lake.commits(contract) <= commits + 1
    commits = lake.commits(contract)
    lake.move(contract, *(batch(contract, number) for number in range(len(sent))))
    assert lake.commits(contract) == commits


@pytest.mark.parametrize("may_be_empty", [False, True])
def test_an_empty_snapshot_deletes_all_only_if_the_contract_says_so(lake: Lake, may_be_empty: bool) -> None:
    contract = replace(PRICES, dataset=f"empty_{may_be_empty}".lower(), may_be_empty=may_be_empty)
    lake.create(contract)
    lake.receive(contract, records(contract, 1, {1: 1, 2: 2}))
    lake.move(contract, batch(contract, 1))

    if may_be_empty:
        assert lake.move(contract, batch(contract, 2))[batch(contract, 2)].deleted == 2
        assert state(lake, contract) == {1: (None, True), 2: (None, True)}
    else:
        with pytest.raises(LakehouseError, match=r"snapshot empty_false-00000002 has no record.*mayBeEmpty"):
            lake.move(contract, batch(contract, 2))
        assert state(lake, contract) == {1: (1, False), 2: (2, False)}
