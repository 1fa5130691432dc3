"""Values of every type, large values that an update leaves alone, and values that cannot be written."""

import threading
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from emulator.replicator import changes
from local.sources.postgres import Database
from tests.support.replication import file_replay
from tests.support.replication.replicator import Replicator

Source = psycopg.Connection[Any]

BIG = "0123456789abcdef" * 4096
"""64 kB, which PostgreSQL keeps out of line if it may not compress it."""

TYPES = {
    "a_bool": ("boolean", pa.bool_(), "true", True),
    "a_smallint": ("smallint", pa.int16(), "-32768", -32768),
    "an_int": ("int", pa.int32(), "2147483647", 2147483647),
    "a_bigint": ("bigint", pa.int64(), "-9223372036854775808", -(2**63)),
    "a_real": ("real", pa.float32(), "1.5", 1.5),
    "a_double": ("double precision", pa.float64(), "'-Infinity'", float("-inf")),
    "a_price": ("numeric(10,2)", pa.decimal128(10, 2), "-99999999.99", Decimal("-99999999.99")),
    "a_whole": ("numeric(38)", pa.decimal128(38, 0), "9" * 38, Decimal("9" * 38)),
    "a_wide": ("numeric(40,2)", pa.string(), "1.5", "1.50"),
    "a_rounded": ("numeric(5,-2)", pa.string(), "12345", "12300"),
    "a_number": ("numeric", pa.decimal128(28, 6), "1.5", Decimal("1.500000")),
    "a_text": ("text", pa.string(), "E'ü ✓\\n\\t\\\\N'", "ü ✓\n\t\\N"),
    "an_empty": ("varchar(10)", pa.string(), "''", ""),
    "a_char": ("char(3)", pa.string(), "'x'", "x  "),
    "bytes": ("bytea", pa.binary(), "'\\x00ff'", b"\x00\xff"),
    "a_date": ("date", pa.date32(), "'2024-02-29'", date(2024, 2, 29)),
    "a_time": ("time", pa.time32("ms"), "'23:59:59.123456'", time(23, 59, 59, 123_000)),
    "a_timestamp": (
        "timestamp",
        pa.timestamp("us"),
        "'1969-12-31 23:59:59.5'",
        datetime(1969, 12, 31, 23, 59, 59, 500_000),
    ),
    "a_moment": (
        "timestamptz",
        pa.timestamp("us"),
        "'2024-07-01 12:00:00.000001+02'",
        datetime(2024, 7, 1, 10, 0, 0, 1),
    ),
    "an_interval": ("interval", pa.string(), "'1 day 2 hours'", "1 day 02:00:00"),
    "a_uuid": ("uuid", pa.string(), "'0b4e1e6c-0000-4000-8000-000000000001'", "0b4e1e6c-0000-4000-8000-000000000001"),
    "a_json": ("jsonb", pa.string(), """'{"b": 1, "a": [null]}'""", '{"a": [null], "b": 1}'),
    "a_list": ("int[]", pa.string(), "'{1,NULL,3}'", "{1,NULL,3}"),
    "a_mood": ("mood", pa.string(), "'calm'", "calm"),
    "an_amount": ("amount", pa.decimal128(8, 3), "1.5", Decimal("1.500")),
    "An Odd %% Name": ("int", pa.int32(), "1", 1),
}


def test_every_type_as_dms_writes_it(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN amount AS numeric(8,3)")
    columns = ", ".join(f'"{name}" {declared}' for name, (declared, _, _, _) in TYPES.items())
    values = ", ".join(literal for _, _, literal, _ in TYPES.values())
    connection.execute(f"CREATE TABLE samples (id int PRIMARY KEY, {columns})".replace("%%", "%"))
    connection.execute(f"INSERT INTO samples VALUES (1, {values})")
    connection.execute("INSERT INTO samples (id) VALUES (2)")
    replicator.start()
    replicator.catch_up()
    connection.execute(f"INSERT INTO samples VALUES (3, {values})")
    connection.execute("INSERT INTO samples (id) VALUES (4)")
    replicator.catch_up()
    for key in replicator.keys("samples"):
        table = file_replay.read(replicator.bucket, key)
        full, empty = table.to_pylist()
        for name, (_, arrow, _, expected) in TYPES.items():
            column = name.replace("%%", "%")
            assert table.schema.field(column).type == arrow
            assert full[column] == expected, column
            assert empty[column] is None, column


def test_booleans_are_text_unless_the_endpoint_says_otherwise(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE flags (id int PRIMARY KEY, f boolean)")
    connection.execute("INSERT INTO flags VALUES (1, true), (2, false), (3, NULL)")
    replicator.postgresql = {}
    replicator.start()
    replicator.catch_up()
    assert [record["f"] for record in replicator.records("flags")] == ["true", "false", None]


@pytest.mark.parametrize("identity", ["DEFAULT", "FULL"])
def test_an_update_keeps_a_large_value_that_it_left_alone(
    replicator: Replicator, connection: Source, identity: str
) -> None:
    connection.execute("CREATE TABLE notes (id int PRIMARY KEY, state text, body text)")
    connection.execute(f"ALTER TABLE notes ALTER body SET STORAGE EXTERNAL, REPLICA IDENTITY {identity}")
    connection.execute("INSERT INTO notes VALUES (1, 'loaded', %s), (2, 'loaded', %s)", [BIG, BIG])
    replicator.start()
    replicator.catch_up()
    with connection.transaction():
        connection.execute("INSERT INTO notes VALUES (3, 'new', %s)", [BIG + "3"])
        connection.execute("UPDATE notes SET state = 'changed' WHERE id IN (1, 3)")
        connection.execute("DELETE FROM notes WHERE id = 2")
        connection.execute("INSERT INTO notes VALUES (2, 'again', %s)", [BIG + "2"])
        connection.execute("UPDATE notes SET id = 4, state = 'other key' WHERE id = 2")
    connection.execute("UPDATE notes SET body = NULL WHERE id = 1")
    replicator.catch_up()
    replicator.assert_equals_source(connection, "notes", key=("id",))
    assert all(record["body"] for record in replicator.records("notes") if record["Op"] == "U" and record["id"] == 3)


def test_a_large_value_of_a_row_that_is_gone_is_not_made_null(
    replicator: Replicator, connection: Source, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    connection.execute("CREATE TABLE notes (id int PRIMARY KEY, state text, body text NOT NULL)")
    connection.execute("ALTER TABLE notes ALTER body SET STORAGE EXTERNAL")
    connection.execute("INSERT INTO notes VALUES (1, 'loaded', %s)", [BIG])
    replicator.start()
    replicator.catch_up()
    replicator.stop()
    connection.execute("UPDATE notes SET state = 'changed'")
    connection.execute("DELETE FROM notes")
    replicator.start()
    replicator.catch_up()
    assert [record["Op"] for record in replicator.records("notes")] == ["I", "D"]
    assert "an update of a row that no longer exists is omitted" in caplog.text


def test_a_look_up_waits_until_others_see_the_transaction(database: Database, connection: Source) -> None:
    with psycopg.connect(database.conninfo) as writer:
        row = writer.execute("SELECT pg_current_xact_id()::text::int8").fetchone()
        assert row is not None
        waiting = threading.Thread(target=changes.wait_until_visible, args=[connection, row[0]])
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        writer.commit()
        waiting.join(5)
        assert not waiting.is_alive()
