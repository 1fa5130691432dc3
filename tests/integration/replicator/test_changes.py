"""What changes of a running source become in S3."""

from typing import Any

import psycopg
import pytest

from tests.support.replication.replicator import Replicator

Source = psycopg.Connection[Any]


def test_full_load_then_changes(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20), price numeric(10,2))")
    connection.execute("INSERT INTO orders VALUES (1, 'new', 1.50), (2, 'new', NULL)")
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO orders VALUES (3, 'Zürich ✓', 99999999.99)")
    connection.execute("UPDATE orders SET status = 'paid' WHERE id = 1")
    connection.execute("DELETE FROM orders WHERE id = 2")
    replicator.catch_up()
    records = replicator.records("orders")
    assert [(record["Op"], record["id"], record["status"]) for record in records] == [
        ("I", 1, "new"),
        ("I", 2, "new"),
        ("I", 3, "Zürich ✓"),
        ("U", 1, "paid"),
        ("D", 2, None),
    ]
    assert list(records[0]) == ["Op", "id", "status", "price", "_commit_ts", "_change_seq"]
    assert [record["_change_seq"] for record in records[:2]] == [None, None]
    replicator.assert_equals_source(connection, "orders", key=("id",))
    assert (
        replicator.state["tables"]["public.orders"] | {"full_load_rows": 2, "inserts": 1, "updates": 1}
        == (replicator.state["tables"]["public.orders"])
    )


def test_files_are_named_as_dms_names_them(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)")
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO orders VALUES (2)")
    replicator.catch_up()
    loaded, changed = replicator.keys("orders")
    day = replicator.records("orders")[-1]["_commit_ts"][:10]
    assert loaded == "dms/shop/public/orders/LOAD00000001.parquet"
    folder, _, name = changed.rpartition("/")
    assert folder == f"dms/shop/public/orders/{day.replace('-', '/')}"
    date, _, time_of_day = name.removesuffix(".parquet").partition("-")
    assert len(date) == 8
    assert len(time_of_day) == 9


def test_transactions_over_tables_keep_their_order(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY, total int)")
    connection.execute("CREATE TABLE items (id int, line int, quantity int, PRIMARY KEY (id, line))")
    replicator.start()
    replicator.catch_up()
    for number in range(1, 21):
        with connection.transaction():
            connection.execute("INSERT INTO orders VALUES (%s, 0)", [number])
            connection.execute("INSERT INTO items SELECT %s, n, n FROM generate_series(1, 3) n", [number])
            connection.execute("UPDATE orders SET total = 1 WHERE id = %s", [number])
            connection.execute("UPDATE orders SET total = 6 WHERE id = %s", [number])
            connection.execute("DELETE FROM items WHERE id = %s AND line = 2", [number])
    replicator.catch_up()
    orders, items = replicator.records("orders"), replicator.records("items")
    for records in (orders, items):
        sequences = [record["_change_seq"] for record in records]
        assert sequences == sorted(set(sequences))
        assert {len(sequence) for sequence in sequences} == {35}
    by_sequence = sorted([*orders, *items], key=lambda record: str(record["_change_seq"]))
    assert [record["id"] for record in by_sequence] == [number for number in range(1, 21) for _ in range(7)]
    assert [(record["Op"], record.get("line")) for record in by_sequence[:7]] == [
        ("I", None),
        ("I", 1),
        ("I", 2),
        ("I", 3),
        ("U", None),
        ("U", None),
        ("D", 2),
    ]
    assert len({record["_commit_ts"] for record in by_sequence}) == 20
    replicator.assert_equals_source(connection, "orders", key=("id",))
    replicator.assert_equals_source(connection, "items", key=("id", "line"))


def test_rolled_back_changes_are_not_written(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    replicator.start()
    replicator.catch_up()
    with connection.transaction():
        connection.execute("INSERT INTO orders VALUES (1)")
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO orders VALUES (2)")
    with connection.transaction(force_rollback=True):
        connection.execute("INSERT INTO orders VALUES (3)")
    replicator.catch_up()
    assert [record["id"] for record in replicator.records("orders")] == [1]


def test_another_key_is_a_delete_and_an_insert(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE plain (id int PRIMARY KEY, note text); INSERT INTO plain VALUES (1, 'a')")
    connection.execute("CREATE TABLE whole (id int PRIMARY KEY, note text); INSERT INTO whole VALUES (1, 'a')")
    connection.execute("ALTER TABLE whole REPLICA IDENTITY FULL")
    replicator.start()
    replicator.catch_up()
    for table in ("plain", "whole"):
        connection.execute(f"UPDATE {table} SET id = 2")
    connection.execute("INSERT INTO plain VALUES (1, 'used again')")
    replicator.catch_up()
    changes = [(r["Op"], r["id"], r["note"]) for r in replicator.records("plain")[1:]]
    assert changes == [("D", 1, None), ("I", 2, "a"), ("I", 1, "used again")]
    changes = [(r["Op"], r["id"], r["note"]) for r in replicator.records("whole")[1:]]
    assert changes == [("D", 1, "a"), ("I", 2, "a")]
    replicator.assert_equals_source(connection, "plain", key=("id",))


def test_a_table_without_a_key_sends_inserts_alone(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE events (note text); INSERT INTO events VALUES ('loaded')")
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO events VALUES ('later')")
    connection.execute("UPDATE events SET note = 'the application is not refused'")
    connection.execute("DELETE FROM events")
    replicator.catch_up()
    assert [(r["Op"], r["note"]) for r in replicator.records("events")] == [("I", "loaded"), ("I", "later")]


def test_truncate_is_counted_and_left_out(
    replicator: Replicator, connection: Source, caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)")
    replicator.start()
    replicator.catch_up()
    connection.execute("TRUNCATE orders")
    connection.execute("INSERT INTO orders VALUES (2)")
    replicator.catch_up()
    assert [(r["Op"], r["id"]) for r in replicator.records("orders")] == [("I", 1), ("I", 2)]
    assert replicator.state["tables"]["public.orders"]["truncates"] == 1
    assert "public.orders was truncated" in caplog.text


def test_columns_may_come_and_go(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY, a text); INSERT INTO orders VALUES (1, 'a')")
    replicator.start()
    replicator.catch_up()
    with connection.transaction():  # both shapes in one transaction, and so in one batch
        connection.execute("INSERT INTO orders VALUES (2, 'b')")
        connection.execute("ALTER TABLE orders ADD COLUMN amount numeric(6,2) DEFAULT 1")
        connection.execute("UPDATE orders SET amount = 7.5 WHERE id = 1")
    connection.execute("ALTER TABLE orders DROP COLUMN a")
    connection.execute("INSERT INTO orders VALUES (3, 3)")
    replicator.catch_up()
    shapes = [list(record)[1:-2] for record in replicator.records("orders")]
    assert shapes == [["id", "a"], ["id", "a"], ["id", "a", "amount"], ["id", "amount"]]
    assert replicator.state["tables"]["public.orders"]["ddls"] == 2


def test_statistics_of_a_table_are_no_change_of_its_columns(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    replicator.start()
    replicator.catch_up()
    for number in range(3):
        connection.execute("INSERT INTO orders VALUES (%s)", [number])
        connection.execute("ANALYZE orders")
    replicator.catch_up()
    assert len(replicator.records("orders")) == 3
    assert replicator.state["tables"]["public.orders"]["ddls"] == 0


def test_generated_columns_are_left_out(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE a (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)")
    connection.execute("INSERT INTO a VALUES (1)")
    replicator.start()
    replicator.catch_up()
    connection.execute("INSERT INTO a VALUES (2)")
    replicator.catch_up()
    assert [list(record)[1:-2] for record in replicator.records("a")] == [["id"], ["id"]]


def test_partitions_are_one_table(replicator: Replicator, connection: Source) -> None:
    connection.execute("CREATE TABLE orders (id int PRIMARY KEY, note text) PARTITION BY RANGE (id)")
    connection.execute("CREATE TABLE orders_low PARTITION OF orders FOR VALUES FROM (0) TO (10)")
    connection.execute("CREATE TABLE orders_high PARTITION OF orders FOR VALUES FROM (10) TO (20)")
    connection.execute("INSERT INTO orders VALUES (1, 'a'), (11, 'b')")
    replicator.start()
    replicator.catch_up()
    connection.execute("UPDATE orders SET note = 'c', id = 12 WHERE id = 1")  # to the other partition
    replicator.catch_up()
    replicator.assert_equals_source(connection, "orders", key=("id",))
    assert replicator.keys("orders_low") == []
