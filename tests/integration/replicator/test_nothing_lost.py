"""No change is lost and none is made twice: while the load runs, after a crash, after a lost connection."""

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from emulator.replicator import full_load
from emulator.replicator.full_load import StopRequestedError
from emulator.replicator.target import Bucket
from tests.support.replication.concurrent_writers import TABLES, make_shop, writing
from tests.support.replication.file_replay import SEQUENCE
from tests.support.replication.replicator import ForkedReplicator, Replicator

Source = psycopg.Connection[Any]


def assert_right(replicator: Replicator, connection: Source) -> None:
    replicator.catch_up()
    for table, key in TABLES.items():
        replicator.assert_equals_source(connection, table, key=key)


def test_writes_during_the_load(replicator: Replicator, connection: Source) -> None:
    make_shop(connection, orders=5_000)
    with writing(replicator.database.conninfo, orders=5_000, seed=1):
        time.sleep(0.2)
        replicator.start()
        while not replicator.keys("orders"):
            time.sleep(0.01)
        time.sleep(0.5)
    assert_right(replicator, connection)
    for table in TABLES:
        sequences = [record[SEQUENCE] for record in replicator.records(table) if record[SEQUENCE]]
        assert len(sequences) > 50
        assert sequences == sorted(set(sequences)), "nothing crashed, so nothing may come twice or out of order"
    added = [record["id"] for record in replicator.records("log")]
    assert sorted(added) == [number for (number,) in connection.execute("SELECT id FROM log ORDER BY id")]


def test_killed_while_it_follows(forked: ForkedReplicator, connection: Source) -> None:
    make_shop(connection, orders=500)
    forked.s3["CdcMaxBatchInterval"] = 1
    forked.start()
    forked.catch_up()
    with writing(forked.database.conninfo, orders=500, seed=2):
        for _ in range(2):
            time.sleep(0.7)
            forked.kill()
            forked.start()
    assert_right(forked, connection)
    for table in TABLES:
        by_sequence: dict[str, dict[str, Any]] = {}
        for record in forked.records(table):
            if record[SEQUENCE]:
                assert by_sequence.setdefault(record[SEQUENCE], record) == record, "a repeated change is the same"


@pytest.mark.parametrize("moment", ['"Before load"', '"Full load"', '"full_load_rows": 9000'])
def test_killed_while_it_loads(forked: ForkedReplicator, connection: Source, moment: str) -> None:
    make_shop(connection, orders=3_000)
    forked.start()
    forked.wait_for_state(moment)
    forked.kill()
    connection.execute("DELETE FROM orders WHERE id <= 100")
    connection.execute("UPDATE items SET note = 'after the crash' WHERE id <= 100")
    forked.start()
    assert_right(forked, connection)


def test_connection_lost(replicator: Replicator, connection: Source) -> None:
    make_shop(connection, orders=200)
    replicator.start()
    replicator.catch_up()
    with writing(replicator.database.conninfo, orders=200, seed=3):
        for _ in range(3):
            time.sleep(0.2)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'dms' AND datname = current_database()"
            )
    assert_right(replicator, connection)


def test_stopped_and_resumed(replicator: Replicator, connection: Source) -> None:
    make_shop(connection, orders=200)
    replicator.start()
    replicator.catch_up()
    with writing(replicator.database.conninfo, orders=200, seed=4):
        time.sleep(0.3)
        replicator.stop()
        time.sleep(0.2)
    replicator.start()
    assert_right(replicator, connection)
    sequences = [record[SEQUENCE] for record in replicator.records("orders") if record[SEQUENCE]]
    assert sequences == sorted(set(sequences)), "a stop in good order repeats nothing"


def test_a_crash_between_two_uploads_repeats_changes_as_they_were(
    replicator: Replicator, connection: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shop(connection, orders=1)
    replicator.start()
    replicator.catch_up()
    upload, uploads = Bucket.upload, []

    def upload_then_break_once(bucket: Bucket, path: Path, key: str) -> None:
        upload(bucket, path, key)
        uploads.append(key)
        if len(uploads) == 1:
            raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(Bucket, "upload", upload_then_break_once)
    with connection.transaction():
        connection.execute("UPDATE orders SET total = 5")
        connection.execute("UPDATE items SET note = 'z'")
    assert_right(replicator, connection)
    repeated = [record for record in replicator.records("orders") if record[SEQUENCE]]
    assert len(repeated) == 2
    assert repeated[0] == repeated[1]
    assert replicator.state["tables"]["public.orders"]["updates"] == 1


def test_a_load_that_was_cut_short_shows_nothing_of_itself(
    replicator: Replicator, connection: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shop(connection, orders=10)
    copied: list[str] = []

    def copy_one_table(connection: Any, table: Any, *arguments: Any, **options: Any) -> int:
        if copied:
            raise StopRequestedError
        copied.append(table.name)
        return copy(connection, table, *arguments, **options)

    def upload_and_note(bucket: Bucket, path: Path, key: str) -> None:
        uploads.append(key)
        upload(bucket, path, key)

    copy, upload, uploads = full_load._copy, Bucket.upload, list[str]()
    monkeypatch.setattr(Bucket, "upload", upload_and_note)
    monkeypatch.setattr(full_load, "_copy", copy_one_table)
    replicator.start()
    replicator.wait()
    assert copied
    assert uploads == []

    monkeypatch.setattr(full_load, "_copy", copy)
    connection.execute("DELETE FROM orders WHERE id > 5; DELETE FROM items WHERE id > 5")
    replicator.start()
    assert_right(replicator, connection)
    assert sorted(uploads) == ["public/items/LOAD00000001.parquet", "public/orders/LOAD00000001.parquet"]
