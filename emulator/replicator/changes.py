"""Conversion of messages of the change stream to the records that DMS writes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg import pq, sql

from emulator.replicator import failures, source
from emulator.replicator.postgres.pgoutput import Delete, Insert, Relation, Unchanged, Update, Value
from emulator.replicator.settings import DELETE, INSERT, UPDATE

Values = list[bytes | None]


class Change(NamedTuple):
    """One record.

    Attributes:
        operation: `I`, `U` or `D`.
        values: values of the row; None if they are unknown, in which case a later change replaces the row.
    """

    operation: str
    values: Values | None


@dataclass(frozen=True, slots=True)
class Captured:
    """A table in the stream.

    Attributes:
        relation: its columns.
        key: positions of the columns that identify a row.
    """

    relation: Relation
    key: tuple[int, ...]


LookUp = Callable[[Captured, Sequence[bytes | None], Sequence[int]], Values | None]
"""Return values of a row, by its table, its key and the positions of columns; None if the row does not exist."""


def records(message: Insert | Update | Delete, captured: Captured, look_up: LookUp) -> list[Change]:
    """Return the records of one change.

    An update of the key is a delete of the old key and an insert of the new one: otherwise a reader that identifies
    rows by key would keep the old row. The log does not contain a large value that an update did not change; it is
    taken from the old row if the log has it completely, otherwise from the table.

    Args:
        message: the change.
        captured: its table.
        look_up: reads columns of a row from the current table.
    """
    match message:
        case Insert(_, new):
            return [Change(INSERT, _logged(new))]
        case Delete(_, old):
            return [Change(DELETE, _logged(old))]
    new = message.new
    if message.old is not None:
        logged = range(len(new)) if message.whole else captured.key
        new = list(new)
        for position in logged:
            if new[position] is Unchanged.TOAST:
                new[position] = message.old[position]
    missing = [position for position, value in enumerate(new) if value is Unchanged.TOAST]
    values: Values | None
    if missing:
        key = _logged([new[position] for position in captured.key])
        current = look_up(captured, key, missing)
        values = None
        if current is not None:
            for position, value in zip(missing, current, strict=True):
                new[position] = value
            values = _logged(new)
    else:
        values = _logged(new)
    if message.old is not None and any(message.old[position] != new[position] for position in captured.key):
        return [Change(DELETE, _logged(message.old)), Change(INSERT, values)]
    return [Change(UPDATE, values)]


def look_up_in(connection: psycopg.Connection[Any], transaction_id: int) -> LookUp:
    """Return a function that reads rows once a transaction is visible.

    The stream may send a transaction a moment before it is visible: without the wait, a row could be missing, or be a
    row that the transaction replaced under the same key. The values may be newer than the change; then a later change
    in the stream has them too, or deletes the row.
    """

    def look_up(captured: Captured, key: Sequence[bytes | None], positions: Sequence[int]) -> Values | None:
        wait_until_visible(connection, transaction_id)
        relation = captured.relation
        condition = sql.SQL(" AND ").join(
            sql.SQL("{} = ${}").format(sql.Identifier(relation.columns[position].name), sql.SQL(str(number)))
            for number, position in enumerate(captured.key, start=1)
        )
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            source.names(relation.columns[position].name for position in positions),
            sql.Identifier(relation.schema, relation.table),
            condition,
        )
        # Not psycopg's execute, because the values must be PostgreSQL's text, not Python objects.
        result = failures.execute(
            connection, query.as_bytes(connection), expected=pq.ExecStatus.TUPLES_OK, parameters=list(key)
        )
        if result.ntuples == 0:
            return None
        return [result.get_value(0, column) for column in range(len(positions))]

    return look_up


def wait_until_visible(connection: psycopg.Connection[Any], transaction_id: int) -> None:
    """Wait until a transaction is visible to others: until then it holds the lock on its id."""
    while connection.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND transactionid::text = %s", [str(transaction_id)]
    ).fetchone():
        time.sleep(0.005)


def _logged(values: Sequence[Value]) -> Values:
    return [None if isinstance(value, Unchanged) else value for value in values]
