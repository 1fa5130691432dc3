"""The shop: the same rows and changes every time, and all of them replicated."""

from typing import Any

import psycopg

from local.demo import shop
from local.sources.postgres import Database
from tests.support.replication.replicator import Replicator

KEYS = {
    "customers": ("customer_id",),
    "products": ("product_id",),
    "orders": ("order_id",),
    "order_items": ("order_id", "line_number"),
}
SMALL = shop.Size(customers=300, products=60, orders=800)


def contents(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in KEYS}


def test_the_seed_and_its_days_are_the_same_every_time(database: Database, connection: psycopg.Connection[Any]) -> None:
    histories = []
    for _ in range(2):
        assert shop.seed(database.conninfo, size=SMALL) == {
            "customers": 300,
            "products": 60,
            "orders": 800,
            "order_items": 2000,
        }
        seeded = contents(connection)
        happened = [shop.change(database.conninfo, day=day) for day in (1, 2)]
        histories.append((seeded, happened, contents(connection)))
    assert histories[0] == histories[1]
    seeded, happened, changed = histories[0]
    assert happened[0].keys() == happened[1].keys()
    assert all(count > 0 for day in happened for count in day.values())
    assert all(seeded[table] != changed[table] for table in KEYS)


def test_days_of_business_are_replicated(
    replicator: Replicator, database: Database, connection: psycopg.Connection[Any]
) -> None:
    shop.seed(database.conninfo, size=SMALL)
    replicator.start()
    for day in (1, 2):
        shop.change(database.conninfo, day=day)
    shop.seed(database.conninfo, size=SMALL)  # again: rows are deleted and inserted, not truncated away
    shop.change(database.conninfo, day=1)
    replicator.catch_up()
    for table, key in KEYS.items():
        replicator.assert_equals_source(connection, table, key=key)
