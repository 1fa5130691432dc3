"""What was done to which batch, in `ops.batches`: one row for each batch, move and attempt.

Arrow and PyIceberg are loaded where they are used: who asks which batches are due needs neither.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse.names import Move, Names, OpsTable
from lakehouse.quality.verdict import Verdict

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

SUCCEEDED, FAILED = "succeeded", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of one move on one batch.

    Counts are records: `received` = `accepted` + `rejected` for stage -> raw; `changed` is how many rows of the
    integration table the batch inserted, updated or deleted. None means that the move does not count it.
    """

    dataset: str
    batch_id: str
    move: Move
    state: str
    started_at: datetime
    finished_at: datetime
    run_id: str
    received: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    changed: int | None = None
    objects: int | None = None
    bytes: int | None = None
    error: str | None = None
    gate: str | None = None
    """`PASS`, or why the batch does not go on: see `lakehouse.quality`. None where no rule was evaluated."""

    @property
    def is_blocked(self) -> bool:
        """Whether its gate keeps the batch, or what depends on the dataset, from going on."""
        return self.state == SUCCEEDED and self.gate not in (None, Verdict.PASS)


def record(catalog: "Catalog", attempts: Iterable[Attempt], *, names: Names) -> None:
    """Append attempts to `ops.batches`; a lost race is retried by PyIceberg on the table's `commit.retry.*`."""
    import pyarrow as pa

    table = catalog.load_table((names.ops_database, OpsTable.BATCHES))
    rows = [{**asdict(attempt), "move": str(attempt.move)} for attempt in attempts]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))


def attempts(catalog: "Catalog", *, names: Names, dataset: str | None = None) -> list[Attempt]:
    """All attempts on a dataset's batches, or on all datasets', oldest first."""
    from pyiceberg.expressions import AlwaysTrue, EqualTo, Reference
    from pyiceberg.expressions.literals import literal

    table = catalog.load_table((names.ops_database, OpsTable.BATCHES))
    wanted = EqualTo(term=Reference(name="dataset"), value=literal(dataset)) if dataset else AlwaysTrue()
    rows = table.scan(row_filter=wanted).to_arrow().to_pylist()
    found = [Attempt(**{**row, "move": Move(row["move"])}) for row in rows]
    return sorted(found, key=lambda attempt: attempt.finished_at)


def last_successes(done: Iterable[Attempt], move: Move) -> dict[str, Attempt]:
    """The last attempt of a move that succeeded, by batch id.

    Args:
        done: attempts on one dataset's batches, oldest first.
        move: the move.
    """
    return {attempt.batch_id: attempt for attempt in done if attempt.move is move and attempt.state == SUCCEEDED}


def pending(planned: Iterable[str], done: Iterable[Attempt]) -> dict[Move, list[str]]:
    """Which batches each move has still to do.

    A batch is due in integration when its last success there began before its last success in raw ended: what is
    loaded again is merged again. One that its gate holds is due nowhere.

    Args:
        planned: ids of all batches that have a manifest.
        done: attempts on them, oldest first.

    Returns:
        batch ids by move, oldest first.
    """
    done = list(done)
    loaded, merged = (last_successes(done, move) for move in (Move.STAGE_TO_RAW, Move.RAW_TO_INTEGRATION))
    return {
        Move.STAGE_TO_RAW: sorted(set(planned) - loaded.keys()),
        Move.RAW_TO_INTEGRATION: sorted(
            batch_id
            for batch_id, load in loaded.items()
            if not load.is_blocked and (batch_id not in merged or merged[batch_id].started_at < load.finished_at)
        ),
    }


def blocked(done: Iterable[Attempt]) -> list[Attempt]:
    """Attempts whose gate holds something now: a batch in raw, or what depends on a dataset after its last merge.

    Args:
        done: attempts, oldest first.
    """
    latest: dict[tuple[str, Move, str], Attempt] = {}
    for attempt in done:
        if attempt.state == SUCCEEDED and attempt.gate is not None:
            # A merge is judged by the dataset's state, which only the last one left.
            of = attempt.batch_id if attempt.move is Move.STAGE_TO_RAW else ""
            latest[attempt.dataset, attempt.move, of] = attempt
    return [attempt for attempt in latest.values() if attempt.is_blocked]
