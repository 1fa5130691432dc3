"""Attempts of moves on batches: rows of `ops.batches`, and what follows from them.

PyIceberg is loaded only where the table is read: the planner's Lambda function imports this module and has boto3 alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from typing import TYPE_CHECKING

from lakehouse.batches.manifests import batch_id_of
from lakehouse.names import Move, Names, OpsTable
from lakehouse.quality.verdict import Verdict
from lakehouse.tables import rows
from lakehouse.tables.rows import RENAMED_COLUMNS, AttemptRow

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog

SUCCEEDED, FAILED, ROLLED_BACK, TO_REPLAY = "succeeded", "failed", "rolled back", "rolled back to replay"
"""States of an attempt; a rollback records one of the last two for each batch that it undid.

A batch that was rolled back is not due again, one that was rolled back to replay is due in integration.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(AttemptRow):
    """One attempt of one move on one batch.

    A count is None if the move does not count it: stage -> raw counts records, raw -> integration changed rows. The
    gate is None if no rule was evaluated.
    """

    @property
    def is_blocked(self) -> bool:
        """Whether its gate blocks the batch, or what depends on the dataset."""
        return self.state == SUCCEEDED and self.gate not in (None, Verdict.PASS)


def record(catalog: "Catalog", attempts: Iterable[Attempt], *, names: Names) -> None:
    """Append attempts to `ops.batches`."""
    rows.append(catalog, attempts, names=names)


def read(catalog: "Catalog", *, names: Names, dataset: str | None = None) -> list[Attempt]:
    """Return all attempts on a dataset's batches, or on all datasets', oldest first."""
    return sorted(_attempts(_table(catalog, names=names, dataset=dataset)), key=lambda attempt: attempt.finished_at)


def read_once(catalog: "Catalog", datasets: Sequence[str], *, names: Names) -> Callable[[str], list[Attempt]]:
    """Read `ops.batches` once for some datasets, and return what returns the attempts of one of them, oldest first.

    The rows stay in Arrow until a dataset is asked for: there may be a million.
    """
    table = _table(catalog, names=names, dataset=datasets[0] if len(datasets) == 1 else None)
    table = table.sort_by([("dataset", "ascending"), ("finished_at", "ascending")])
    places: dict[str, tuple[int, int]] = {}
    first = 0
    for one in sorted(table["dataset"].value_counts().to_pylist(), key=itemgetter("values")):
        places[one["values"]] = first, one["counts"]
        first += one["counts"]
    return lambda dataset: _attempts(table.slice(*places.get(dataset, (0, 0))))


def _table(catalog: "Catalog", *, names: Names, dataset: str | None) -> "pa.Table":
    from pyiceberg.expressions import AlwaysTrue, EqualTo, Reference
    from pyiceberg.expressions.literals import literal

    table = catalog.load_table((names.ops_database, OpsTable.BATCHES))
    of_dataset = EqualTo(term=Reference(name="dataset"), value=literal(dataset)) if dataset else AlwaysTrue()
    return table.scan(row_filter=of_dataset).to_arrow()


def _attempts(table: "pa.Table") -> list[Attempt]:
    renamed = RENAMED_COLUMNS[OpsTable.BATCHES]
    return [
        Attempt(**{renamed.get(column, column): value for column, value in row.items()} | {"move": Move(row["move"])})
        for row in table.to_pylist()
    ]


def by_dataset(attempts: Iterable[Attempt]) -> defaultdict[str, list[Attempt]]:
    """Return the attempts of each dataset, in their order; a dataset without an attempt has none."""
    of_each: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        of_each[attempt.dataset].append(attempt)
    return of_each


def last_successes(attempts: Iterable[Attempt], move: Move) -> dict[str, Attempt]:
    """Return the last attempt of a move that succeeded, by batch id.

    Args:
        attempts: attempts on one dataset's batches, oldest first.
        move: the move.
    """
    return {attempt.batch_id: attempt for attempt in attempts if attempt.move is move and attempt.state == SUCCEEDED}


def pending(planned: Iterable[str], attempts: Iterable[Attempt]) -> dict[Move, list[str]]:
    """Return the batches that each move still has to process.

    A batch is due in integration if its last success there began before its last success in raw ended: a batch that
    is loaded again is merged again. So is a batch that was rolled back to replay since. A batch that its gate blocks is
    not due.

    Args:
        planned: ids of all batches that have a manifest.
        attempts: attempts on them, oldest first.

    Returns:
        Batch ids by move, oldest first.
    """
    attempts = list(attempts)
    loaded, merged = (last_successes(attempts, move) for move in (Move.STAGE_TO_RAW, Move.RAW_TO_INTEGRATION))
    undone = {attempt.batch_id: attempt.finished_at for attempt in attempts if attempt.state == TO_REPLAY}
    merged = {
        batch_id: merge
        for batch_id, merge in merged.items()
        if batch_id not in undone or merge.finished_at > undone[batch_id]
    }
    return {
        Move.STAGE_TO_RAW: sorted(set(planned) - loaded.keys()),
        Move.RAW_TO_INTEGRATION: sorted(
            batch_id
            for batch_id, load in loaded.items()
            if not load.is_blocked and (batch_id not in merged or merged[batch_id].started_at < load.finished_at)
        ),
    }


def first_to_load(attempts: Iterable[Attempt], *, dataset: str) -> int:
    """Return the number of the first batch of a dataset that was not loaded yet; all batches before it were."""
    loaded = last_successes(attempts, Move.STAGE_TO_RAW)
    return next(number for number in count(1) if batch_id_of(dataset, number) not in loaded)


def blocked(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Return the attempts whose gate blocks now: a batch in raw, or what depends on a dataset after its last merge.

    Args:
        attempts: attempts, oldest first.
    """
    latest: dict[tuple[str, Move, str], Attempt] = {}
    for attempt in attempts:
        if attempt.state == SUCCEEDED and attempt.gate is not None:
            # After a merge, the rules measure the state of the dataset, so only the last merge counts.
            batch_id = attempt.batch_id if attempt.move is Move.STAGE_TO_RAW else ""
            latest[attempt.dataset, attempt.move, batch_id] = attempt
    return [attempt for attempt in latest.values() if attempt.is_blocked]
