"""The change stream of a replication slot, over libpq's COPY BOTH mode.

Source: PostgreSQL documentation, "Streaming Replication Protocol".
"""

import select
import struct
from typing import Any, NamedTuple

import psycopg
from psycopg import pq, sql
from psycopg.errors import error_from_result

from emulator.replicator.source import format_lsn


class Keepalive(NamedTuple):
    """The server has sent all changes before `lsn`."""

    lsn: int
    reply_requested: bool


class Stream:
    """Changes of whole committed transactions, in commit order, from where the slot's last confirmation ended."""

    def __init__(
        self, connection: psycopg.Connection[Any], *, slot: str, publications: tuple[str, ...], start_lsn: int
    ) -> None:
        """Start to stream.

        Args:
            connection: one made for replication.
            slot: name of a slot of the plug-in pgoutput.
            publications: tables of these are sent.
            start_lsn: transactions that ended before it are not sent again; 0 for the slot's own position.

        Raises:
            psycopg.OperationalError: the connection broke, or the slot is in use.
            psycopg.errors.ObjectNotInPrerequisiteState: the slot lost the log that it needs.
        """
        self._pgconn = connection.pgconn
        command = sql.SQL("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {})").format(
            sql.Identifier(slot),
            sql.SQL(format_lsn(start_lsn)),
            sql.Literal(",".join(publications)),
        )
        result = self._pgconn.exec_(command.as_bytes(connection))
        if result.status != pq.ExecStatus.COPY_BOTH:
            raise error_from_result(result)
        self._confirmed = start_lsn

    def read(self, timeout_s: float) -> bytes | Keepalive | None:
        """The next message of pgoutput or sign of life of the server; None if nothing comes within the time."""
        while True:
            length, data = self._pgconn.get_copy_data(1)
            if length == -1:
                raise psycopg.OperationalError("the source ended the change stream")
            if length == 0:
                if not select.select([self._pgconn.socket], [], [], timeout_s)[0]:
                    return None
                self._pgconn.consume_input()
                continue
            if data[0] == 0x77:  # w: a message after its position, the server's and its clock
                return bytes(data[25:])
            lsn, _, reply = struct.unpack_from("!QqB", data, 1)
            return Keepalive(lsn, reply == 1)

    def confirm(self, lsn: int = 0) -> None:
        """Tell the server that changes before `lsn` are safe and its log may be let go; or what it was told last."""
        self._confirmed = max(self._confirmed, lsn)
        status = struct.pack("!cQQQqB", b"r", self._confirmed, self._confirmed, self._confirmed, 0, 0)
        self._pgconn.put_copy_data(status)
        self._pgconn.flush()
