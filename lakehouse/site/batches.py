"""The last batches of a dataset, each in one line: what its last loads and merges did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lakehouse.batches.attempts import SUCCEEDED, Attempt, last_successes
from lakehouse.names import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One batch: its state after the last attempt on it, and the records of its last load; None if it was not counted.

    Attributes:
        batch_id: the batch.
        state: `in raw`, `in integration`, `blocked`, or the state of an attempt that did not succeed.
        at: when the last attempt ended.
        gate: verdict of the last gate; None if no rule was evaluated.
        accepted, rejected: records.
        changed: rows that its last merge changed.
    """

    batch_id: str
    state: str
    at: datetime
    gate: str | None
    accepted: int | None
    rejected: int | None
    changed: int | None


def last_batches(recorded: Sequence[Attempt], *, blocked: Collection[str], most: int) -> list[BatchLine]:
    """Return the last batches of a dataset, newest first.

    Args:
        recorded: attempts on its batches, oldest first.
        blocked: ids of the batches whose gates did not pass.
        most: number of batches.
    """
    last = {attempt.batch_id: attempt for attempt in recorded}
    loads, merges = (last_successes(recorded, move) for move in (Move.STAGE_TO_RAW, Move.RAW_TO_INTEGRATION))
    lines = []
    for batch_id in sorted(last, reverse=True)[:most]:
        attempt, load, merge = last[batch_id], loads.get(batch_id), merges.get(batch_id)
        state = attempt.state
        if batch_id in blocked:
            state = "blocked"
        elif state == SUCCEEDED:
            state = "in integration" if attempt.move is Move.RAW_TO_INTEGRATION else "in raw"
        lines.append(
            BatchLine(
                batch_id=batch_id,
                state=state,
                at=attempt.finished_at,
                gate=attempt.gate,
                accepted=load.accepted if load else None,
                rejected=load.rejected if load else None,
                changed=merge.changed if merge else None,
            )
        )
    return lines
