"""Which batches are due: whatever was tried in whatever order, nothing is forgotten and nothing is done twice."""

from dataclasses import replace
from unittest.mock import MagicMock, patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.catalog import Catalog

from lakehouse.batches import attempts as batches
from lakehouse.batches import manifests
from lakehouse.batches.attempts import FAILED, SUCCEEDED, blocked, pending
from lakehouse.batches.due import due_batches
from lakehouse.names import Move, Names
from lakehouse.tables import migrations
from tests.support.batch_records import NAMES, attempt

BATCHES = ["orders-00000001", "orders-00000002", "orders-00000003"]


def test_all_batches_are_due_in_raw_at_first_and_none_in_integration() -> None:
    assert pending(BATCHES, []) == {Move.STAGE_TO_RAW: BATCHES, Move.RAW_TO_INTEGRATION: []}


def test_what_is_loaded_again_is_merged_again() -> None:
    one = BATCHES[0]
    done = [attempt(one, Move.STAGE_TO_RAW, at=0), attempt(one, Move.RAW_TO_INTEGRATION, at=1)]
    assert pending([one], done)[Move.RAW_TO_INTEGRATION] == []
    again = [*done, attempt(one, Move.STAGE_TO_RAW, at=2)]
    assert pending([one], again)[Move.RAW_TO_INTEGRATION] == [one]


attempts = st.lists(
    st.tuples(st.sampled_from(BATCHES), st.sampled_from(Move), st.sampled_from([SUCCEEDED, FAILED])), max_size=12
)


@given(attempts)
def test_a_batch_is_due_until_its_last_load_is_merged(history: list[tuple[str, Move, str]]) -> None:
    done = [attempt(batch_id, move, at=at, state=state) for at, (batch_id, move, state) in enumerate(history)]
    due = pending(BATCHES, done)
    for batch_id in BATCHES:
        successes = [move for other, move, state in history if other == batch_id and state == SUCCEEDED]
        loaded = Move.STAGE_TO_RAW in successes
        assert (batch_id in due[Move.STAGE_TO_RAW]) == (not loaded)
        assert (batch_id in due[Move.RAW_TO_INTEGRATION]) == (loaded and successes[-1] is Move.STAGE_TO_RAW)


@pytest.mark.parametrize("gate", ["FAIL", "NOT_EVALUATED"])
def test_what_its_gate_holds_is_due_nowhere_until_it_passes(gate: str) -> None:
    one = BATCHES[0]
    stopped = [attempt(one, Move.STAGE_TO_RAW, at=0, gate=gate)]
    assert pending([one], stopped) == {Move.STAGE_TO_RAW: [], Move.RAW_TO_INTEGRATION: []}
    assert blocked(stopped) == stopped
    again = [*stopped, attempt(one, Move.STAGE_TO_RAW, at=1, gate="PASS")]
    assert pending([one], again)[Move.RAW_TO_INTEGRATION] == [one]
    assert blocked(again) == []


def test_a_merge_is_blocked_until_a_later_one_passes_whatever_its_batch() -> None:
    first, second, _ = BATCHES
    failed = attempt(first, Move.RAW_TO_INTEGRATION, at=0, gate="FAIL")
    assert blocked([failed]) == [failed]
    # A run of several batches is judged under the last of them.
    unjudged = attempt(first, Move.RAW_TO_INTEGRATION, at=1)
    assert blocked([failed, unjudged]) == [failed]
    assert blocked([failed, unjudged, attempt(second, Move.RAW_TO_INTEGRATION, at=1, gate="PASS")]) == []


@given(attempts, st.integers(0, len(BATCHES)), st.booleans())
def test_what_is_due_does_not_depend_on_how_many_manifests_are_listed(
    steps: list[tuple[str, Move, str]], planned: int, is_known: bool
) -> None:
    recorded = [
        attempt(batch_id, move, at=at, state=state)
        for at, (batch_id, move, state) in enumerate(steps)
        if batch_id in BATCHES[:planned]
    ]
    with patch.object(manifests, "batch_ids", lambda *_, first, **__: BATCHES[first - 1 : planned]):
        last = planned if is_known else None
        found = due_batches(MagicMock(), "orders", recorded, names=NAMES, last=last)
    assert found == pending(BATCHES[:planned], recorded)


def test_attempts_of_all_datasets_are_read_once(lake: Catalog, names: Names) -> None:
    migrations.apply(lake, [], names)
    for at, dataset in enumerate(["orders", "till", "stock", "till", "orders", "orders"]):
        one = replace(attempt(f"{dataset}-00000001", Move.STAGE_TO_RAW, at=9 - at), dataset=dataset)
        batches.record(lake, [one], names=names)
    attempts_of = batches.read_once(lake, ["orders", "till", "stock", "none"], names=names)
    for dataset in ("orders", "till", "stock", "none"):
        assert attempts_of(dataset) == batches.read(lake, names=names, dataset=dataset)
        assert batches.read_once(lake, [dataset], names=names)(dataset) == attempts_of(dataset)
