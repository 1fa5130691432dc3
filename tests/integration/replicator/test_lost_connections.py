"""A connection that is lost at any call is opened again; what the source refuses ends the replication."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import pq

from emulator.replicator import failures, replication, source, task
from emulator.replicator.postgres.stream import Stream
from emulator.replicator.task import slot_name
from tests.support.replication.postgres_proxy import Proxy, proxy
from tests.support.replication.replicator import Replicator

Source = psycopg.Connection[Any]
BIG = "x" * 5_000

AT_THE_START = {
    "connect": b"application_name\0dms",
    "connect for replication": b"replication\0database",
    "read the catalog": b"FROM pg_class c",
    "read the publications": b"FROM pg_publication_tables",
    "create a publication": b"CREATE PUBLICATION",
    "fill a publication": b"ADD TABLE",
    "look for the slot": b"SELECT 1 FROM pg_replication_slots",
    "create the slot": b"pg_create_logical_replication_slot",
    "read a type": b"SELECT typbasetype",
    "export the snapshot": b"EXPORT_SNAPSHOT",
    "begin the copy": b"ISOLATION LEVEL REPEATABLE READ",
    "take the snapshot": b"SET TRANSACTION SNAPSHOT",
    "mark the table": b"SAVEPOINT table_start",
    "COPY": b"COPY (SELECT",
    "end the copy": b"ROLLBACK",
    "start streaming": b"START_REPLICATION",
}
WHILE_IT_FOLLOWS = {
    "confirm": b"d\0\0\0&r",
    "wait for the transaction": b"FROM pg_locks",
    "look up a large value": b'SELECT "body" FROM',
}


@pytest.fixture
def wire(replicator: Replicator) -> Iterator[Proxy]:
    """A proxy between the replicator and its source."""
    with proxy(replicator.database.host, replicator.database.port) as opened:
        replicator.database = replace(replicator.database, port=opened.port)
        yield opened
        replicator.stop()


def make(connection: Source) -> None:
    connection.execute("CREATE TABLE notes (id int PRIMARY KEY, state text, body text)")
    connection.execute("ALTER TABLE notes ALTER body SET STORAGE EXTERNAL")
    connection.execute("INSERT INTO notes SELECT n, 'loaded', %s FROM generate_series(1, 100) n", [BIG])


@pytest.mark.parametrize("answered", [False, True], ids=["request lost", "answer lost"])
@pytest.mark.parametrize("call", AT_THE_START)
def test_lost_at_a_call_of_the_start(
    replicator: Replicator, connection: Source, wire: Proxy, call: str, *, answered: bool
) -> None:
    make(connection)
    wire.cut_at(AT_THE_START[call], answered=answered)
    replicator.start()
    replicator.catch_up()
    connection.execute("UPDATE notes SET state = 'changed' WHERE id < 5")
    connection.execute("DELETE FROM notes WHERE id > 5")
    replicator.catch_up()
    assert wire.cuts == 1
    replicator.assert_equals_source(connection, "notes", key=("id",))
    assert replicator.state["tables"]["public.notes"]["state"] == "Table completed"


def test_lost_in_the_middle_of_a_copy(replicator: Replicator, connection: Source, wire: Proxy) -> None:
    make(connection)
    wire.cut_at(AT_THE_START["COPY"], answered=True, passed=200_000)
    replicator.start()
    replicator.catch_up()
    assert wire.cuts == 1
    replicator.assert_equals_source(connection, "notes", key=("id",))
    assert replicator.state["tables"]["public.notes"]["full_load_rows"] == 100


@pytest.mark.parametrize("answered", [False, True], ids=["request lost", "answer lost"])
@pytest.mark.parametrize("call", WHILE_IT_FOLLOWS)
def test_lost_at_a_call_while_it_follows(
    replicator: Replicator, connection: Source, wire: Proxy, call: str, *, answered: bool
) -> None:
    make(connection)
    replicator.start()
    replicator.catch_up()
    wire.cut_at(WHILE_IT_FOLLOWS[call], answered=answered, times=2)
    for state in ("once", "twice", "thrice"):
        connection.execute("UPDATE notes SET state = %s WHERE id < 5", [state])
        replicator.catch_up()
    assert wire.cuts == 2
    replicator.assert_equals_source(connection, "notes", key=("id",))


def test_lost_when_slot_and_publications_are_removed(replicator: Replicator, connection: Source, wire: Proxy) -> None:
    make(connection)
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    for text in (b"pg_terminate_backend", b"pg_drop_replication_slot", b"DROP PUBLICATION"):
        wire.cut_at(text, answered=False)
        replication.remove(task.parse(replicator.document(reload=False)))
        assert wire.cuts == 1
    assert not source.has_slot(connection, slot_name(replicator.name))
    assert connection.execute("SELECT count(*) FROM pg_publication").fetchone() == (0,)


def test_pauses_grow_up_to_a_bound(
    replicator: Replicator, connection: Source, wire: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(connection)
    pauses: list[float] = []
    monkeypatch.setattr(replication, "_sleep", lambda seconds, _: pauses.append(seconds))
    wire.cut_at(b"START_REPLICATION", answered=False, times=10)
    replicator.start()
    replicator.catch_up()
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10, 10]


@pytest.mark.parametrize(("statement", "temporary"), [("SELECT 1/0", False), ("SELECT 1", True)])
def test_the_end_of_a_stream_has_the_reason_of_the_server(
    replicator: Replicator, connection: Source, statement: str, *, temporary: bool
) -> None:
    """Whether the server gives a reason or none: `read` finds it in the result that follows the stream."""
    make(connection)
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    with closing(source.connect(task.parse(replicator.document(reload=False)).source, replication=True)) as opened:
        stream = Stream(opened, slot=slot_name(replicator.name), publications=("p",), start_lsn=0)
        result = connection.pgconn.exec_(statement.encode())
        ended = SimpleNamespace(get_copy_data=lambda _: (-1, b""), get_result=lambda: result)
        stream._pgconn = ended  # type: ignore[assignment]
        with pytest.raises(psycopg.Error) as raised:
            stream.read(0)
    assert failures.is_temporary(raised.value) is temporary


@pytest.mark.parametrize("call", ["exec", "exec_params"])
def test_a_connection_that_is_known_to_be_lost_is_a_temporary_error(replicator: Replicator, call: str) -> None:
    with psycopg.connect(replicator.database.conninfo, autocommit=True) as opened:
        with pytest.raises(psycopg.Error):
            opened.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(psycopg.OperationalError) as raised:
            failures.execute(
                opened, b"SELECT 1", expected=pq.ExecStatus.TUPLES_OK, parameters=None if call == "exec" else []
            )
    assert failures.is_temporary(raised.value)


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (psycopg.DatabaseError("server closed the connection unexpectedly"), True),
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.errors.AdminShutdown("terminating connection"), True),
        (psycopg.errors.CannotConnectNow("starting up"), True),
        (psycopg.errors.ObjectInUse("the slot is active"), True),
        (psycopg.errors.TooManyConnections("too many clients"), True),
        (psycopg.errors.ObjectNotInPrerequisiteState("the slot was invalidated"), False),
        (psycopg.errors.UndefinedFile("the segment was removed"), False),
        (psycopg.errors.InsufficientPrivilege("permission denied"), False),
        (psycopg.errors.UndefinedTable("no such table"), False),
        (psycopg.ProgrammingError("the query is wrong"), False),
    ],
)
def test_kinds_of_errors(error: psycopg.Error, *, temporary: bool) -> None:
    assert failures.is_temporary(error) is temporary
