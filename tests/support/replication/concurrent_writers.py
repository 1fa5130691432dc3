"""Applications that change a database while it is replicated."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

TABLES = {"orders": ("id",), "items": ("id", "line")}


def make_shop(connection: psycopg.Connection[Any], *, orders: int) -> None:
    """Make the tables `orders` and `items`, with three items an order, and `log`, to which rows are only added."""
    connection.execute("CREATE TABLE log (id bigserial PRIMARY KEY, what int)")
    connection.execute("CREATE TABLE orders (id bigint PRIMARY KEY, status text, total numeric(10,2))")
    connection.execute("CREATE TABLE items (id bigint, line int, note text, PRIMARY KEY (id, line))")
    connection.execute("INSERT INTO orders SELECT n, 'new', n FROM generate_series(1, %s) n", [orders])
    connection.execute(
        "INSERT INTO items SELECT n, l, repeat('x', l) FROM generate_series(1, %s) n, generate_series(1, 3) l", [orders]
    )


@contextmanager
def writing(conninfo: str, *, orders: int, seed: int) -> Iterator[None]:
    """Two writers at work in transactions of both tables, on keys up to `orders`, for as long as the block takes."""
    stop = threading.Event()
    threads = [threading.Thread(target=_write, args=[conninfo, orders, seed + n, stop]) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _write(conninfo: str, orders: int, seed: int, stop: threading.Event) -> None:
    choose = random.Random(seed)  # noqa: S311 - to be repeatable
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while not stop.is_set():
            order = choose.randint(1, orders + orders // 10)
            # In the order of keys, so that writers wait for each other and never deadlock.
            with connection.transaction(force_rollback=choose.random() < 0.05):
                connection.execute("INSERT INTO log (what) VALUES (%s)", [order])
                match choose.randint(1, 4):
                    case 1:
                        connection.execute("DELETE FROM orders WHERE id = %s", [order])
                        connection.execute("DELETE FROM items WHERE id = %s", [order])
                    case 2:
                        connection.execute(
                            "INSERT INTO orders VALUES (%s, 'again', 0) ON CONFLICT (id) DO UPDATE SET total = 0",
                            [order],
                        )
                        connection.execute("INSERT INTO items VALUES (%s, 1, 'n') ON CONFLICT DO NOTHING", [order])
                    case _:
                        for _ in range(choose.randint(1, 3)):
                            connection.execute("UPDATE orders SET total = total + 1 WHERE id = %s", [order])
                        connection.execute("UPDATE items SET note = note || 'y' WHERE id = %s", [order])
