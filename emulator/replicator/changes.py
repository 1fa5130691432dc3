"""From a message of the change stream to the records that DMS writes for it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg import pq, sql
from psycopg.errors import error_from_result

from emulator.replicator import source
from emulator.replicator.pgoutput import Delete, Insert, Relation, Unchanged, Update, Value
from emulator.replicator.s3_format import DELETE, INSERT, UPDATE

Values = list[bytes | None]


class Change(NamedTuple):
    """One record; `values` is None if it can't be told and a later change is sure to replace it."""

    operation: str
    values: Values | None


@dataclass(frozen=True, slots=True)
class Captured:
    """A table in the stream: its columns, and which of them identify a row."""

    relation: Relation
    key: tuple[int, ...]


LookUp = Callable[[Captured, Sequence[bytes | None], Sequence[int]], Values | None]
"""From a table, the key of a row and the positions of columns to their values; None if the row is gone."""


def records(message: Insert | Update | Delete, captured: Captured, look_up: LookUp) -> list[Change]:
    """The records of one change.

    An update of the key is a delete of the old one and an insert of the new one: a reader that knows rows by their
    key would keep the old one otherwise. A large value that an update left alone is not in the log; it is taken from
    the old row if that was logged whole, else from the table.

    Args:
        message: the change.
        captured: its table.
        look_up: reads a row's columns from the table as it is now.
    """
    match message:
        case Insert(_, new):
            return [Change(INSERT, _logged(new))]
        case Delete(_, old):
            return [Change(DELETE, _logged(old))]
    new = message.new
    if message.old is not None:
        known = range(len(new)) if message.whole else captured.key
        new = list(new)
        for position in known:
            if new[position] is Unchanged.TOAST:
                new[position] = message.old[position]
    missing = [position for position, value in enumerate(new) if value is Unchanged.TOAST]
    values: Values | None
    if missing:
        key = _logged([new[position] for position in captured.key])
        found = look_up(captured, key, missing)
        values = None
        if found is not None:
            for position, value in zip(missing, found, strict=True):
                new[position] = value
            values = _logged(new)
    else:
        values = _logged(new)
    if message.old is not None and any(message.old[position] != new[position] for position in captured.key):
        return [Change(DELETE, _logged(message.old)), Change(INSERT, values)]
    return [Change(UPDATE, values)]


def look_up_in(connection: psycopg.Connection[Any], transaction_id: int) -> LookUp:
    """A look-up of rows as they are once a transaction can be seen.

    The stream may bring a transaction a moment before others see it: without the wait, a row could be missing, or be
    one that the transaction replaced under the same key. What is read may be later than the change; then a later
    change brings that value too, or deletes the row.
    """

    def look_up(captured: Captured, key: Sequence[bytes | None], wanted: Sequence[int]) -> Values | None:
        wait_until_visible(connection, transaction_id)
        relation = captured.relation
        condition = sql.SQL(" AND ").join(
            sql.SQL("{} = ${}").format(sql.Identifier(relation.columns[position].name), sql.SQL(str(number)))
            for number, position in enumerate(captured.key, start=1)
        )
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            source.names(relation.columns[position].name for position in wanted),
            sql.Identifier(relation.schema, relation.table),
            condition,
        )
        # Not psycopg's own execute: the values are wanted as PostgreSQL's text, not as Python objects.
        result = connection.pgconn.exec_params(query.as_bytes(connection), list(key))
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise error_from_result(result)
        if result.ntuples == 0:
            return None
        return [result.get_value(0, column) for column in range(len(wanted))]

    return look_up


def wait_until_visible(connection: psycopg.Connection[Any], transaction_id: int) -> None:
    """Wait until others see a transaction: it holds the lock on its id until they do."""
    while connection.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND transactionid::text = %s", [str(transaction_id)]
    ).fetchone():
        time.sleep(0.005)


def _logged(values: Sequence[Value]) -> Values:
    return [None if isinstance(value, Unchanged) else value for value in values]
