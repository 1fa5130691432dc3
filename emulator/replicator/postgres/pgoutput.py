"""Messages of PostgreSQL's logical replication, decoded.

Source: PostgreSQL documentation, "Logical Replication Message Formats", protocol version 1.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Unchanged(Enum):
    """Marker for a large, separately stored value that an update did not change: the log does not contain it."""

    TOAST = "unchanged"


Value = bytes | None | Unchanged
"""A column's value in PostgreSQL's text form; None is NULL."""


class Column(NamedTuple):
    """A column in the log; `identity` is true for a part of the replica identity."""

    name: str
    type_oid: int
    modifier: int
    identity: bool


class Begin(NamedTuple):
    """The start of a committed transaction; `commit_lsn` is the position of its commit in the log."""

    commit_lsn: int
    committed_at: datetime
    transaction_id: int


class Commit(NamedTuple):
    """The end of a transaction; `end_lsn` is the position after it in the log."""

    end_lsn: int


class Relation(NamedTuple):
    """A table's columns; sent before its first change and after each change of its definition.

    `full` is true if its replica identity is FULL: every column is then part of it, and the key is unknown.
    """

    id: int
    schema: str
    table: str
    full: bool
    columns: tuple[Column, ...]


class Insert(NamedTuple):
    """An insert of a row."""

    relation: int
    new: list[Value]


class Update(NamedTuple):
    """An update of a row.

    `old` is None unless the identity changed or the table's replica identity is FULL. `whole` is true if it is FULL.
    """

    relation: int
    old: list[Value] | None
    whole: bool
    new: list[Value]


class Delete(NamedTuple):
    """A delete of a row."""

    relation: int
    old: list[Value]


class Truncate(NamedTuple):
    """A TRUNCATE of tables."""

    relations: tuple[int, ...]


Message = Begin | Commit | Relation | Insert | Update | Delete | Truncate


def decode(data: bytes) -> Message | None:
    """Decode one message; return None for a message without a change (types, origins).

    Raises:
        ValueError: protocol version 1 does not have this kind of message.
    """
    kind = data[:1]
    match kind:
        case b"I":
            return Insert(_int32(data, 1), _row(data, 6)[0])
        case b"U":
            return _update(data)
        case b"D":
            return Delete(_int32(data, 1), _row(data, 6)[0])
        case b"B":
            lsn, microseconds, transaction_id = struct.unpack_from("!QqI", data, 1)
            return Begin(lsn, _EPOCH + timedelta(microseconds=microseconds), transaction_id)
        case b"C":
            return Commit(struct.unpack_from("!Q", data, 10)[0])
        case b"R":
            return _relation(data)
        case b"T":
            (count,) = struct.unpack_from("!I", data, 1)
            return Truncate(struct.unpack_from(f"!{count}I", data, 6))
        case b"Y" | b"O":
            return None
    raise ValueError(f"the replication stream has a message of unknown kind {kind!r}")


def _update(data: bytes) -> Update:
    relation = _int32(data, 1)
    kind = data[5:6]
    if kind == b"N":
        return Update(relation, None, False, _row(data, 6)[0])
    old, position = _row(data, 6)
    return Update(relation, old, kind == b"O", _row(data, position + 1)[0])


def _row(data: bytes, position: int) -> tuple[list[Value], int]:
    """Return the values of the row that starts at a position, and the position after it."""
    (count,) = struct.unpack_from("!H", data, position)
    position += 2
    values: list[Value] = []
    for _ in range(count):
        kind = data[position]
        position += 1
        if kind == 0x74:  # t
            start = position + 4
            position = start + int.from_bytes(data[position:start])
            values.append(data[start:position])
        else:
            values.append(None if kind == 0x6E else Unchanged.TOAST)  # n, u
    return values, position


def _relation(data: bytes) -> Relation:
    texts = _texts(data, 5)
    schema, position = next(texts)
    table, position = next(texts)
    full = data[position : position + 1] == b"f"
    (count,) = struct.unpack_from("!H", data, position + 1)
    position += 3
    columns = []
    for _ in range(count):
        identity = data[position] & 1 == 1
        name, position = next(_texts(data, position + 1))
        type_oid, modifier = struct.unpack_from("!Ii", data, position)
        columns.append(Column(name, type_oid, modifier, identity))
        position += 8
    return Relation(_int32(data, 1), schema, table, full, tuple(columns))


def _texts(data: bytes, position: int) -> Iterator[tuple[str, int]]:
    """Yield zero-terminated texts one after the other, each with the position after it."""
    while True:
        end = data.index(0, position)
        yield data[position:end].decode(), end + 1
        position = end + 1


def _int32(data: bytes, position: int) -> int:
    value: int = struct.unpack_from("!I", data, position)[0]
    return value
