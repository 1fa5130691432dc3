"""One day of inserts, updates and deletes in the shop, with every kind of transaction; the same for the same day."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from local.demo.shop.seed import CHANNELS, REGIONS, SEEDED, STATUSES, discount, new_customer

Connection = psycopg.Connection[Any]


def change(conninfo: str, *, day: int = 1, scale: int = 1) -> dict[str, int]:
    """Run the transactions of one day.

    Args:
        conninfo: libpq connection string of a database that `seed` filled.
        day: number of the day after the seed; the same day on the same rows makes the same changes.
        scale: multiple of the usual number of transactions.

    Returns:
        The number of events of each kind.
    """
    choose = random.Random(day)  # noqa: S311 - the changes must be the same every time
    now = SEEDED + timedelta(days=day)
    events: dict[str, Callable[[Connection, random.Random, datetime, int], int]] = {
        "orders moved on": _orders_move_on,
        "orders placed": _orders_are_placed,
        "orders cancelled": _orders_are_cancelled,
        "order numbers used again": _order_numbers_are_used_again,
        "customers moved": _customers_move,
        "customers joined": _customers_join,
        "customers deleted": _customers_are_deleted,
        "customers renumbered": _customers_are_renumbered,
        "prices changed": _prices_change,
        "baskets abandoned": _baskets_are_abandoned,
    }
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return {name: apply(connection, choose, now, scale) for name, apply in events.items()}


def _orders_move_on(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Move orders to their next status, each in its own transaction; some move two steps by two updates of one row."""
    waiting = _ids(connection, "SELECT order_id FROM orders WHERE status <> 'delivered' ORDER BY 1")
    chosen = _sample(choose, waiting, 150 * scale)
    for order in chosen:
        with connection.transaction():
            for _ in range(choose.randint(1, 2)):
                connection.execute(
                    "UPDATE orders SET status = (%s::text[])[array_position(%s, status::text) + 1], updated_at = %s "
                    "WHERE order_id = %s AND status <> 'delivered'",
                    [list(STATUSES), list(STATUSES), now, order],
                )
    return len(chosen)


def _orders_are_placed(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    (last,) = _ids(connection, "SELECT max(order_id) FROM orders")
    for number in range(last + 1, last + 1 + 60 * scale):
        with connection.transaction():
            _place(connection, choose, number, now)
    return 60 * scale


def _orders_are_cancelled(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Delete orders with their items, in one transaction over two tables."""
    chosen = _sample(choose, _ids(connection, "SELECT order_id FROM orders ORDER BY 1"), 25 * scale)
    for order in chosen:
        with connection.transaction():
            _remove(connection, order)
    return len(chosen)


def _order_numbers_are_used_again(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Reuse deleted keys for other rows, in the same transaction or in a later one."""
    chosen = _sample(choose, _ids(connection, "SELECT order_id FROM orders ORDER BY 1"), 4 * scale)
    for order in chosen[::2]:
        with connection.transaction():
            _remove(connection, order)
            _place(connection, choose, order, now)
    for order in chosen[1::2]:
        with connection.transaction():
            _remove(connection, order)
        with connection.transaction():
            _place(connection, choose, order, now)
    return len(chosen)


def _customers_move(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Move customers to another region or country; some new regions are null."""
    chosen = _sample(choose, _ids(connection, "SELECT customer_id FROM customers ORDER BY 1"), 50 * scale)
    for customer in chosen:
        country = choose.choice(list(REGIONS))
        region = choose.choice((*REGIONS[country], None))
        connection.execute(
            "UPDATE customers SET country = %s, region = %s, updated_at = %s WHERE customer_id = %s",
            [country, region, now, customer],
        )
    return len(chosen)


def _customers_join(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    (last,) = _ids(connection, "SELECT max(customer_id) FROM customers")
    with connection.transaction():
        for number in range(last + 1, last + 1 + 20 * scale):
            connection.execute(
                "INSERT INTO customers VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                new_customer(number, choose, created=now),
            )
    return 20 * scale


def _customers_are_deleted(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Delete customers who never ordered."""
    idle = _ids(
        connection,
        "SELECT customer_id FROM customers c "
        "WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.customer_id) ORDER BY 1",
    )
    chosen = _sample(choose, idle, 5 * scale)
    connection.execute("DELETE FROM customers WHERE customer_id = ANY(%s)", [chosen])
    return len(chosen)


def _customers_are_renumbered(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Change keys of customers, and with them the foreign keys of their orders."""
    chosen = _sample(choose, _ids(connection, "SELECT customer_id FROM customers ORDER BY 1"), 2 * scale)
    for customer in chosen:
        connection.execute(
            "UPDATE customers SET customer_id = 1 + (SELECT max(customer_id) FROM customers), updated_at = %s "
            "WHERE customer_id = %s",
            [now, customer],
        )
    return len(chosen)


def _prices_change(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Change prices in one transaction; each price is corrected at once, so that a row has two updates."""
    chosen = _sample(choose, _ids(connection, "SELECT product_id FROM products ORDER BY 1"), 15 * scale)
    with connection.transaction():
        for product in chosen:
            for percent in (110, choose.randint(90, 105)):
                connection.execute(
                    "UPDATE products SET unit_price = round(unit_price * %s / 100, 2), updated_at = %s "
                    "WHERE product_id = %s",
                    [Decimal(percent), now, product],
                )
    return len(chosen)


def _baskets_are_abandoned(connection: Connection, choose: random.Random, now: datetime, scale: int) -> int:
    """Place orders that are rolled back, so that no reader may see them."""
    (last,) = _ids(connection, "SELECT max(order_id) FROM orders")
    for number in range(last + 1, last + 1 + 5 * scale):
        with connection.transaction(force_rollback=True):
            _place(connection, choose, number, now)
    return 5 * scale


def _place(connection: Connection, choose: random.Random, number: int, now: datetime) -> None:
    customer = choose.choice(_ids(connection, "SELECT customer_id FROM customers ORDER BY 1"))
    prices = connection.execute("SELECT product_id, unit_price FROM products WHERE active ORDER BY 1").fetchall()
    connection.execute(
        "INSERT INTO orders VALUES (%s, %s, 'new', %s, %s, %s)", [number, customer, choose.choice(CHANNELS), now, now]
    )
    for line, (product, price) in enumerate(choose.sample(prices, k=choose.randint(1, 4)), start=1):
        connection.execute(
            "INSERT INTO order_items VALUES (%s, %s, %s, %s, %s, %s)",
            [number, line, product, choose.randint(1, 12), price, discount(choose)],
        )


def _remove(connection: Connection, order: int) -> None:
    connection.execute("DELETE FROM order_items WHERE order_id = %s", [order])
    connection.execute("DELETE FROM orders WHERE order_id = %s", [order])


def _ids(connection: Connection, query: str) -> list[int]:
    return [number for (number,) in connection.execute(query)]


def _sample(choose: random.Random, some: Sequence[int], count: int) -> list[int]:
    return choose.sample(some, k=min(count, len(some)))
