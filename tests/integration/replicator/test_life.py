"""A replication's life: kinds, restarts, more tables, a lost slot, settings of the target."""

import json
from dataclasses import replace
from typing import Any

import boto3
import psycopg
import pytest

from emulator.replicator import replication, source
from emulator.replicator.replication import ReplicationError
from emulator.replicator.settings import SettingsError
from emulator.replicator.task import parse, slot_name
from tests.support.emulator.callers import make_role
from tests.support.replication import file_replay
from tests.support.replication.replicator import Replicator

Source = psycopg.Connection[Any]


def make(connection: Source, *tables: str) -> None:
    for table in tables:
        connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY); INSERT INTO {table} VALUES (1)")


def ids(replicator: Replicator, table: str) -> list[int]:
    return [record["id"] for record in replicator.records(table)]


def test_a_full_load_alone_ends_by_itself_and_leaves_no_slot(replicator: Replicator, connection: Source) -> None:
    make(connection, "a")
    replicator.migration_type = "full-load"
    replicator.start()
    replicator.wait()
    assert ids(replicator, "a") == [1]
    assert connection.execute(
        "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    ).fetchone() == (0,)


def test_changes_alone_begin_now(replicator: Replicator, connection: Source) -> None:
    make(connection, "a")
    replicator.migration_type = "cdc"
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO a VALUES (2)")
    replicator.catch_up()
    assert ids(replicator, "a") == [2]


def test_a_table_that_the_mappings_gain_is_loaded_and_the_others_go_on(
    replicator: Replicator, connection: Source
) -> None:
    make(connection, "a", "b")
    replicator.tables = ["a"]
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    connection.execute("INSERT INTO a VALUES (2)")
    connection.execute("INSERT INTO b VALUES (2)")
    replicator.tables = ["a", "b"]
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO b VALUES (3)")
    replicator.catch_up()
    assert ids(replicator, "a") == [1, 2]
    assert ids(replicator, "b") == [1, 2, 3]
    assert [key.rpartition("/")[2][:4] for key in replicator.keys("a")].count("LOAD") == 1


def test_a_table_that_the_mappings_lose_is_not_followed(replicator: Replicator, connection: Source) -> None:
    make(connection, "a", "b")
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    connection.execute("INSERT INTO b VALUES (3); TRUNCATE b")
    replicator.tables = ["a"]
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO b VALUES (2); INSERT INTO a VALUES (2)")
    replicator.catch_up()
    assert (ids(replicator, "a"), ids(replicator, "b")) == ([1, 2], [1])


def test_a_table_that_was_made_anew_is_loaded_anew(replicator: Replicator, connection: Source) -> None:
    make(connection, "a", "b")
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    connection.execute("DROP TABLE a; CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (7)")
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO a VALUES (8)")
    replicator.catch_up()
    assert (ids(replicator, "a"), ids(replicator, "b")) == ([7, 8], [1])


def test_a_source_that_was_never_reached_fails_the_start(
    replicator: Replicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "REACH_S", 0)
    replicator.database = replace(replicator.database, password="wrong")  # noqa: S106
    replicator.start()
    replicator.wait()
    assert "password authentication failed" in str(replicator.error)


def test_a_lost_slot_is_an_error_until_a_reload(replicator: Replicator, connection: Source) -> None:
    make(connection, "a")
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    source.drop(connection, slot=slot_name(replicator.name))
    connection.execute("INSERT INTO a VALUES (2)")
    replicator.start()
    replicator.wait()
    assert isinstance(replicator.error, ReplicationError)
    assert "start with reload-target" in str(replicator.error)
    replicator.start(reload=True)
    replicator.catch_up()
    assert ids(replicator, "a") == [1, 2]


def test_files_have_a_greatest_size_and_a_reload_leaves_none_of_the_last_one(
    replicator: Replicator, connection: Source
) -> None:
    connection.execute("CREATE TABLE a (id int PRIMARY KEY, noise text)")
    connection.execute("INSERT INTO a SELECT n, md5(n::text) || md5(-n || '') FROM generate_series(1, 25000) n")
    replicator.s3["MaxFileSize"] = 100
    replicator.start()
    replicator.catch_up()
    assert [key.rpartition("/")[2] for key in replicator.keys("a")] == [f"LOAD{n:08X}.parquet" for n in (1, 2, 3)]
    with connection.transaction():
        connection.execute("UPDATE a SET noise = noise || '!'")
    replicator.catch_up()
    assert len(replicator.keys("a")) == 6
    replicator.assert_equals_source(connection, "a", key=("id",))
    replicator.stop()
    connection.execute("DELETE FROM a WHERE id > 100")
    replicator.start(reload=True)
    replicator.catch_up()
    loads = [key for key in replicator.keys("a") if "LOAD" in key]
    assert [key.rpartition("/")[2] for key in loads] == ["LOAD00000001.parquet"]
    assert file_replay.read(replicator.bucket, loads[0]).num_rows == 100


def test_odd_names_are_names(replicator: Replicator, connection: Source) -> None:
    connection.execute(
        'CREATE SCHEMA "my.shop"; CREATE TABLE "my.shop"."Odd / Näme" ("Id" int PRIMARY KEY, "a b" text)'
    )
    connection.execute("""INSERT INTO "my.shop"."Odd / Näme" VALUES (1, 'x')""")
    replicator.schema = "my.shop"
    replicator.start()
    replicator.catch_up()
    connection.execute("""UPDATE "my.shop"."Odd / Näme" SET "Id" = 2""")
    replicator.catch_up()
    records = list(file_replay.records(replicator.bucket, "dms/shop/my.shop/Odd / Näme/"))
    assert [(r["Op"], r["Id"], r["a b"]) for r in records] == [("I", 1, "x"), ("D", 1, None), ("I", 2, "x")]
    assert replicator.state["tables"]["my.shop.Odd / Näme"]["full_load_rows"] == 1


def test_settings_of_the_target_shape_the_files(replicator: Replicator, connection: Source) -> None:
    make(connection, "a")
    replicator.s3 = {"BucketName": replicator.bucket, "DataFormat": "parquet"}
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO a VALUES (2)")
    replicator.catch_up()
    loaded, changed = file_replay.keys(replicator.bucket, "public/a/")
    assert file_replay.read(replicator.bucket, loaded).column_names == ["id", "_change_seq"]
    assert file_replay.read(replicator.bucket, changed).column_names == ["Op", "id", "_change_seq"]
    assert changed.count("/") == 2


def test_the_secret_of_the_source_is_read_at_each_connection(replicator: Replicator, connection: Source) -> None:
    make(connection, "a")
    name = f"shop-{replicator.database.dbname}"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(replicator.database.secret))
    replicator.postgresql = {
        "SecretsManagerSecretId": name,
        "SecretsManagerAccessRoleArn": make_role("r"),
    }
    document = replicator.document(reload=False)
    for member in ("ServerName", "Port", "Username", "Password", "DatabaseName"):
        del document["SourceEndpoint"][member]
    assert parse(document).source.host is None
    replicator.document = lambda *, reload: document  # type: ignore[method-assign]
    replicator.start()
    replicator.catch_up()
    assert ids(replicator, "a") == [1]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DataFormat", "csv"),
        ("CdcInsertsOnly", True),
        ("CdcInsertsAndUpdates", "true"),
        ("PreserveTransactions", True),
        ("DatePartitionSequence", "YYYYMMDDHH"),
        ("BucketName", ""),
    ],
)
def test_a_setting_that_is_not_imitated_is_refused_by_name(replicator: Replicator, setting: str, value: object) -> None:
    replicator.s3[setting] = value
    with pytest.raises(SettingsError, match=setting):
        parse(replicator.document(reload=False))
