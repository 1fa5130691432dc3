"""What the changes of a running source become in S3."""

from typing import Any

import psycopg

from tests.integration.dms.conftest import Replicator

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
    assert [(r["Op"], r["id"], r["status"]) for r in replicator.records("orders")] == [
        ("I", 1, "new"),
        ("I", 2, "new"),
        ("I", 3, "Zürich ✓"),
        ("U", 1, "paid"),
        ("D", 2, None),
    ]
    assert list(replicator.records("orders")[0]) == ["Op", "id", "status", "price", "_commit_ts", "_change_seq"]
    replicator.assert_equals_source(connection, "orders", key=("id",))
