"""Rows with a key, case by case; test_histories.py has whatever arrives, in whatever order and how often."""

from dataclasses import replace
from typing import Any

import pytest

from lakehouse.contracts import types
from lakehouse.contracts.model import Contract, Partition, Source
from lakehouse.errors import LakehouseError
from lakehouse.integration import upsert
from lakehouse.moves.raw_to_integration import Counts
from tests.support.moves.lake import ACCOUNTS, Lake, batch, column
from tests.support.reference_merge import Record


def account(contract: Contract, number: int, **values: Any) -> Record:
    origin = {"_batch_id": batch(contract, number), "_source_file": f"s3://stage/{number}", "_source_row": values["id"]}
    return {"_op": "U", "_change_seq": f"{number:035d}"} | origin | values


def partitions_of_files(lake: Lake, contract: Contract) -> dict[str, Any]:
    return {task.file.file_path: task.file.partition[0] for task in lake.integration(contract).scan().plan_files()}


@pytest.mark.parametrize("merge_rows", [0, upsert.MERGE_ROWS])
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


def test_rejected_records_stay_in_raw(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="rejected")
    lake.create(contract)
    rejection = {"_errors": [{"column": "amount", "reason": "is no number"}], "_record": "x"}
    lake.receive(contract, [account(contract, 1, id=1, amount=1), account(contract, 1, id=2, amount=None) | rejection])

    assert lake.move(contract, batch(contract, 1))[batch(contract, 1)] == Counts(read=1, inserted=1)
    assert [row["id"] for row in lake.rows(contract)] == [1]


def test_a_batch_that_is_not_in_raw_changes_nothing(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="nothing")
    lake.create(contract)
    assert lake.move(contract, batch(contract, 1)) == {batch(contract, 1): Counts()}
    assert lake.commits(contract) == 0


def test_a_key_that_is_null_is_an_error(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="keyless")
    lake.create(contract)
    lake.receive(contract, [account(contract, 1, id=1) | {"id": None}])
    with pytest.raises(
        LakehouseError, match=r"keyless: 1 accepted records of batch keyless-00000001 lack .* key \(id\)"
    ):
        lake.move(contract, batch(contract, 1))


def test_tables_that_differ_from_the_contract_are_an_error(lake: Lake) -> None:
    contract = replace(ACCOUNTS, dataset="missing")
    with pytest.raises(LakehouseError, match=r"table \w+raw.missing does not exist: .*lakehouse tables apply"):
        lake.move(contract, batch(contract, 1))
    lake.create(contract)
    wider = replace(contract, columns=(*contract.columns, column("colour", types.STRING)))
    with pytest.raises(LakehouseError, match=r"lacks columns \['colour'\] .*lakehouse tables apply"):
        lake.move(wider, batch(contract, 1))
