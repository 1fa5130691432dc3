"""Records that are appended: each once, by the rule that the contract names."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Deduplicate, Ingest, Partition, Source
from tests.support import reference_merge
from tests.support.moves.lake import Lake, batch, column
from tests.support.reference_merge import Record, nulls_lowest

EXAMPLES = int(os.environ.get("EXAMPLES", "3"))

COLUMNS = ("history", "receipt", "amount", "sold_at", "sold_on", "tags")
SALES = Contract(
    path="contracts/test/sales.odcs.yaml",
    domain="test",
    dataset="sales",
    version="1.0.0",
    columns=(
        column("history", types.LONG, required=True),
        column("receipt", types.STRING),
        column("amount", types.decimal(8, 2)),
        column("sold_at", types.TIMESTAMP),
        column("sold_on", types.DATE),
        column("tags", types.list_of(types.STRING)),
    ),
    key=(),
    ingest=Ingest.APPEND,
    source=Source(name="till", type="s3", format="csv"),
)
BY_TIME = (Partition(column="sold_at", transform="month"), Partition(column="sold_on", transform="year"))
BY_VALUE = (Partition(column="receipt", transform="identity"), Partition(column="sold_at", transform="hour"))
TABLES = {
    "none": replace(SALES, partitions=BY_TIME),
    "record": replace(SALES, deduplicate=Deduplicate.RECORD),
    "record_by_time": replace(SALES, deduplicate=Deduplicate.RECORD, partitions=BY_TIME),
    "record_by_value": replace(SALES, deduplicate=Deduplicate.RECORD, partitions=BY_VALUE),
}
# The ends of months, years and what Python can name among them.
MOMENTS = [
    datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 2, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
]
sales = st.fixed_dictionaries(
    {
        "receipt": st.sampled_from([None, "", "1", "it's"]),
        "amount": st.none() | st.sampled_from([0, 1]),
        "sold_at": st.none() | st.sampled_from(MOMENTS),
        "sold_on": st.none() | st.sampled_from([moment.date() for moment in MOMENTS]),
        "tags": st.sampled_from([None, [], [None], ["a"]]),
    }
)
histories, numbers = count(), count(1)


@cache
def created(lake: Lake, dataset: str) -> Contract:
    contract = replace(TABLES[dataset], dataset=f"sales_{dataset}")
    lake.create(contract)
    return contract


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(
    dataset=st.sampled_from(list(TABLES)),
    delivered=st.lists(st.lists(sales, min_size=1, max_size=40), min_size=1, max_size=3),
    data=st.data(),
)
def test_each_record_is_there_once(
    lake: Lake, dataset: str, delivered: list[list[Record]], data: st.DataObject
) -> None:
    contract, history = created(lake, dataset), next(histories)
    received: dict[str, list[Record]] = {}
    for records in delivered:
        batch_id = batch(contract, next(numbers))
        received[batch_id] = [
            record | {"history": history, "_batch_id": batch_id, "_source_file": "s3://till", "_source_row": n}
            for n, record in enumerate(records)
        ]
    lake.receive(contract, [record for records in received.values() for record in records])
    expected: list[Record] = []
    again = data.draw(st.lists(st.sampled_from(list(received)), max_size=2))
    for batch_id in data.draw(st.permutations([*received, *again])):
        before, commits = len(expected), lake.commits(contract)
        for record in received[batch_id]:
            if contract.deduplicate is Deduplicate.NONE:
                known = any(reference_merge.received(record) == reference_merge.received(row) for row in expected)
            else:
                known = any(contents(record) == contents(row) for row in expected)
            if not known:
                expected.append(record)

        counts = lake.move(contract, batch_id)[batch_id]

        rows = lake.rows(contract, f"history = {history}")
        assert sorted(map(identified, rows)) == sorted(map(identified, expected))
        assert (counts.read, counts.inserted) == (len(received[batch_id]), len(expected) - before)
        assert counts.unchanged == counts.read - counts.inserted
        assert lake.commits(contract) == commits + (len(expected) > before)


def test_a_partition_of_null_is_not_in_the_way_of_texts(lake: Lake) -> None:
    contract = replace(TABLES["record_by_value"], dataset="sales_without_receipt")
    lake.create(contract)
    for number, receipts in enumerate([[None, "a"], [None, "a", "b", "c"], ["c", "d"]], start=1):
        records = [
            {"history": 1, "receipt": receipt, "sold_at": MOMENTS[1], "_batch_id": batch(contract, number)}
            | {"_source_file": "s3://till", "_source_row": row}
            for row, receipt in enumerate(receipts)
        ]
        lake.receive(contract, records)
        lake.move(contract, batch(contract, number))
    assert sorted(str(row["receipt"]) for row in lake.rows(contract)) == ["None", "a", "b", "c", "d"]


def contents(record: Record) -> object:
    return nulls_lowest([record[name] for name in COLUMNS])


def identified(record: Record) -> object:
    return contents(record), reference_merge.received(record)


PARCELS = replace(
    SALES,
    dataset="parcels",
    columns=(
        column("parcel", types.STRING, required=True),
        column("weight", types.INT),
        column("scanned_at", types.TIMESTAMP, required=True),
    ),
    key=("parcel",),
    deduplicate=Deduplicate.KEY,
)


def scan(contract: Contract, number: int, row: int, *, parcel: str, weight: int, minute: int) -> Record:
    return {
        "parcel": parcel,
        "weight": weight,
        "scanned_at": MOMENTS[1] + timedelta(minutes=minute),
        "_batch_id": batch(contract, number),
        "_source_file": "s3://scans",
        "_source_row": row,
    }


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize(
    ("ordering", "weights"),
    [
        # The first that was received stays, whatever comes later.
        ((), {"A": 1, "B": 4}),
        # The latest scan stays, whenever it comes; of two at once the one that was received first.
        (("scanned_at",), {"A": 2, "B": 4}),
    ],
)
def test_of_a_key_one_fact_stays(
    lake: Lake, order: tuple[int, ...], ordering: tuple[str, ...], weights: dict[str, int]
) -> None:
    contract = replace(PARCELS, dataset=f"parcels_{len(ordering)}_{order[0]}", ordering=ordering)
    lake.create(contract)
    lake.receive(
        contract,
        [
            scan(contract, 1, 1, parcel="A", weight=1, minute=5),
            scan(contract, 1, 2, parcel="A", weight=2, minute=7),
            scan(contract, 2, 1, parcel="A", weight=3, minute=7),
            scan(contract, 2, 2, parcel="B", weight=4, minute=1),
            scan(contract, 2, 3, parcel="B", weight=5, minute=1),
        ],
    )
    for number in (*order, *order):
        lake.move(contract, batch(contract, number))

    assert {row["parcel"]: row["weight"] for row in lake.rows(contract)} == weights
    assert lake.commits(contract) == 2
