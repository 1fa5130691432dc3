"""Change events of Debezium make the table that the files of DMS make, and that a replay into a dict makes."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from lakehouse.contracts.model import Contract
from tests.support.contract_builders import reasons, rows
from tests.support.moves.lake import Lake, batch
from tests.support.readers.change_streams import Change, changes_contract, debezium, dms, history


def _receive(lake: Lake, contract: Contract, number: int, content: bytes) -> None:
    found = rows(contract, content)
    assert reasons(found) == []
    name = batch(contract, number)
    lake.receive(contract, [row | {"_batch_id": name, "_source_file": f"s3://stage/{name}"} for row in found])
    lake.move(contract, name)


@pytest.mark.parametrize("seed", range(3))
def test_both_routes_end_in_the_same_table(lake: Lake, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a history, no secret
    changes, state = history(random)
    batches: list[list[Change]] = [[], [], []]
    for change in changes:
        random.choice(batches).append(change)  # also an older one after a later one
    tables: list[list[dict[str, Any]]] = []
    for events in (True, False):
        contract = replace(changes_contract(f"{'events' if events else 'files'}_{seed}", events=events), domain="test")
        lake.create(contract)
        for number, part in enumerate(batches):
            random.shuffle(part)
            _receive(lake, contract, number, debezium(part, random) if events else dms(part))
        found = sorted(lake.rows(contract), key=lambda row: row["id"])
        tables.append([{name: row[name] for name in row if name in FIELDS} for row in found])
    by_event, by_file = tables
    assert by_event == by_file
    alive = {row["id"]: row for row in by_event if not row["_is_deleted"]}
    assert {id_: {name: row[name] for name in state[id_]} for id_, row in alive.items()} == state
    assert {row["id"] for row in by_event} == {change.row["id"] for change in changes}


FIELDS = ("id", "name", "amount", "day", "_is_deleted", "_change_seq", "_commit_ts")
