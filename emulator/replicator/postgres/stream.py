"""The change stream of a replication slot, over libpq's COPY BOTH mode.

Source: PostgreSQL documentation, "Streaming Replication Protocol".
"""

import select
import struct
from typing import Any, NamedTuple

import psycopg
from psycopg import pq, sql
from psycopg.errors import error_from_result

from emulator.replicator import failures
from emulator.replicator.source import format_lsn


class Keepalive(NamedTuple):
    """A message that the server has sent all changes before `lsn`."""

    lsn: int
    reply_requested: bool


class Stream:
    """Changes of committed transactions, in commit order, from the last confirmed position of the slot."""

    def __init__(
        self, connection: psycopg.Connection[Any], *, slot: str, publications: tuple[str, ...], start_lsn: int
    ) -> None:
        """Start the stream.

        Args:
            connection: a connection for the replication protocol.
            slot: name of a slot of the plug-in pgoutput.
            publications: publications of the tables whose changes are sent.
            start_lsn: transactions that ended before it are not sent again; 0 for the slot's position.

        Raises:
            psycopg.OperationalError: the connection broke, or the slot is in use.
            psycopg.errors.ObjectNotInPrerequisiteState: the log that the slot needs no longer exists.
        """
        self._pgconn = connection.pgconn
        command = sql.SQL("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {})").format(
            sql.Identifier(slot),
            sql.SQL(format_lsn(start_lsn)),
            sql.Literal(",".join(publications)),
        )
        failures.execute(connection, command.as_bytes(connection), expected=pq.ExecStatus.COPY_BOTH)
        self._confirmed = start_lsn

    def read(self, timeout_s: float) -> bytes | Keepalive | None:
        """Return the next message of pgoutput or keep-alive message; None if none arrives in time.

        Raises:
            psycopg.OperationalError: the connection is lost.
            psycopg.Error: the server refuses to continue.
        """
        while True:
            length, data = self._pgconn.get_copy_data(1)
            if length == -1:
                raise self._end()
            if length == 0:
                if not select.select([self._pgconn.socket], [], [], timeout_s)[0]:
                    return None
                self._pgconn.consume_input()
                continue
            if data[0] == 0x77:  # w: position of the message, position and clock of the server, message
                return bytes(data[25:])
            lsn, _, reply = struct.unpack_from("!QqB", data, 1)
            return Keepalive(lsn, reply == 1)

    def _end(self) -> psycopg.Error:
        """Return why the server ended the stream."""
        result = self._pgconn.get_result()
        if result is not None and result.status == pq.ExecStatus.FATAL_ERROR:
            return error_from_result(result)
        return psycopg.OperationalError("the source ended the change stream")

    def confirm(self, lsn: int = 0) -> None:
        """Confirm that changes before `lsn` are stored, so that the server may drop its log; 0: confirm again."""
        self._confirmed = max(self._confirmed, lsn)
        status = struct.pack("!cQQQqB", b"r", self._confirmed, self._confirmed, self._confirmed, 0, 0)
        self._pgconn.put_copy_data(status)
        self._pgconn.flush()
