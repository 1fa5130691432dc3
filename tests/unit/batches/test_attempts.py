"""Which batches are due: whatever was tried in whatever order, nothing is forgotten and nothing is done twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.batches.attempts import FAILED, SUCCEEDED, blocked, pending
from lakehouse.names import Move
from tests.support.batch_records import attempt

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
