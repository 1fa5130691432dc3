"""Runs at once lose and double nothing, wherever in the one the other's commit falls."""

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.model import Contract, Deduplicate, Ingest
from lakehouse.engine import commit_conflicts
from lakehouse.errors import LakehouseError
from lakehouse.integration.upsert import MERGE_ROWS
from lakehouse.names import Zone
from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.moves.lake import ACCOUNTS, INGESTED_AT, Lake, batch
from tests.support.reference_merge import Record

EVERY = int(os.environ.get("EVERY", "2"))
READS = range(1, 17, EVERY)
"""Which of the times that a run asks Glue for its table are broken into; there are fewer than the last of these."""

FIRST, RUN, INTRUDER = 1, 100, 200
"""Numbers of batches: what there is; that of run n is RUN + n, that of who breaks into it INTRUDER + n."""


def change(contract: Contract, number: int, *, id_: int, sequence: int, amount: int) -> Record:
    return {
        "id": id_,
        "amount": amount,
        "_op": "U",
        "_change_seq": f"{sequence:035d}",
        "_commit_ts": INGESTED_AT,
        "_batch_id": batch(contract, number),
        "_source_file": f"s3://stage/{number}",
        "_source_row": id_,
    }


def amounts(lake: Lake, contract: Contract) -> dict[int, int]:
    rows = lake.rows(contract)
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row["amount"] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize(("way", "merge_rows"), [("overwrite", 0), ("merge", MERGE_ROWS), ("append", MERGE_ROWS)])
def test_a_commit_that_falls_anywhere_into_a_run_is_not_lost(
    lake: Lake, aws: Server, way: str, merge_rows: int
) -> None:
    """Run n is broken into at the n-th time that it asks where the table is, which every new look at it begins with."""
    contract = replace(ACCOUNTS, dataset=way)
    lake.create(contract)
    records, expected = [], {}
    for n in READS:
        new, old, other, third = (10 * n + number for number in range(4))
        records += [change(contract, FIRST, id_=id_, sequence=1, amount=1) for id_ in (old, other)]
        # Rows of the run: to append, they must all be new.
        mine = (new,) if way == "append" else (new, old)
        records += [change(contract, RUN + n, id_=id_, sequence=2, amount=2) for id_ in mine]
        # The intruder's are later, earlier, and of no concern to the run.
        records.append(change(contract, INTRUDER + n, id_=other, sequence=3, amount=3))
        records.append(change(contract, INTRUDER + n, id_=new, sequence=1, amount=3))
        records.append(change(contract, INTRUDER + n, id_=third, sequence=1, amount=3))
        expected |= {new: 2, old: 1 if way == "append" else 2, other: 3, third: 3}
    lake.receive(contract, records)
    lake.move(contract, batch(contract, FIRST))
    run, reads, intruded, turn = [0], Counter[int](), [], Lock()

    def intrude(request: Request, forward: Forward) -> Answer:
        asked = json.loads(request.body) if request.action in ("GetDatabase", "GetTable") else {}
        with turn:
            if asked.get("Name", "").startswith("batch-"):
                run[0] = int(asked["Name"].removeprefix("batch-")) - RUN
            elif asked.get("DatabaseName") == lake.names.database(Zone.INTEGRATION):
                reads.update(run)
                if reads[run[0]] == run[0]:
                    intruded.append(run[0])
                    lake.move(contract, batch(contract, INTRUDER + run[0]))
        return forward()

    with wire(aws.endpoint, intrude) as endpoint:
        numbers = [str(RUN + n) for n in READS]
        racer = subprocess.run(
            [sys.executable, "-m", "tests.support.moves.batch_racer", way, str(merge_rows), *numbers],
            env={**os.environ, "AWS_ENDPOINT_URL": endpoint},
            capture_output=True,
            text=True,
            check=False,
        )
    assert racer.returncode == 0, racer.stderr

    assert intruded == list(READS[: len(intruded)])
    assert len(intruded) < len(READS), "a run asks more often: READS must go further"
    # Only who came before the run looked at the table for the first time did not make it do its work again.
    assert racer.stderr.count("commit conflict") == len(intruded) - 1, racer.stderr
    for n in READS[len(intruded) :]:
        lake.move(contract, batch(contract, INTRUDER + n))
    assert amounts(lake, contract) == expected


@pytest.mark.parametrize("merge_rows", [0, pytest.param(MERGE_ROWS, marks=pytest.mark.slow)])
def test_runs_at_once_of_different_and_of_the_same_batches(lake: Lake, merge_rows: int) -> None:
    contract = replace(ACCOUNTS, dataset=f"at_once_{merge_rows}")
    lake.create(contract)
    lake.receive(
        contract,
        [
            change(contract, number, id_=id_, sequence=number, amount=number)
            for number in range(1, 4)
            for id_ in range(number, 10)
        ],
    )
    runs = [(1, 2), (2,), (3,), (3, 1)]

    with ThreadPoolExecutor(len(runs)) as pool:
        batch_ids = [[batch(contract, number) for number in numbers] for numbers in runs]
        counts = list(pool.map(lambda ids: lake.move(contract, *ids, merge_rows=merge_rows), batch_ids))

    assert amounts(lake, contract) == {id_: min(id_, 3) for id_ in range(1, 10)}
    inserted = sum(of_batch.inserted for found in counts for of_batch in found.values())
    assert inserted == 9


@pytest.mark.parametrize("deduplicate", [Deduplicate.RECORD, pytest.param(Deduplicate.NONE, marks=pytest.mark.slow)])
def test_runs_at_once_append_each_fact_once(lake: Lake, deduplicate: Deduplicate) -> None:
    contract = replace(
        ACCOUNTS,
        dataset=f"facts_at_once_{deduplicate}",
        key=(),
        ingest=Ingest.APPEND,
        ordering=(),
        deduplicate=deduplicate,
        source=replace(ACCOUNTS.source, type="s3", format="csv"),
    )
    lake.create(contract)
    facts = [change(contract, number, id_=id_, sequence=0, amount=0) for number in range(1, 4) for id_ in range(5)]
    lake.receive(contract, facts)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: lake.move(contract, batch(contract, number)), (1, 2, 3, 1)))

    # Each batch brings the same five records.
    ids = Counter(row["id"] for row in lake.rows(contract))
    assert ids == dict.fromkeys(range(5), 1 if deduplicate is Deduplicate.RECORD else 3)


def test_who_always_loses_says_so_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def lose() -> None:
        tried.append(1)
        raise RuntimeError("conflict: Concurrent Glue update for table 'x'")

    monkeypatch.setattr(commit_conflicts, "FIRST_WAIT_SECONDS", 0.0)
    with pytest.raises(LakehouseError, match="orders: other writers committed first, 10 commits in a row"):
        commit_conflicts.retry_on_conflict(lose, subject="orders")
    assert len(tried) == commit_conflicts.ATTEMPTS


def test_an_error_that_is_no_conflict_is_not_tried_again() -> None:
    tried = []

    def fail() -> None:
        tried.append(1)
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        commit_conflicts.retry_on_conflict(fail, subject="orders")
    assert len(tried) == 1


def test_what_iceberg_says_of_a_merge_that_was_overtaken_is_a_conflict() -> None:
    said = "Runtime file filtering is not possible: the table has been concurrently modified. Row-level operation scan"
    assert commit_conflicts.is_conflict(
        RuntimeError(f"An error occurred while calling o44.sql.\n: {said} snapshot ID: 6")
    )
