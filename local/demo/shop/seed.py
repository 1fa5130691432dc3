"""The shop's tables and their first rows."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

OPENED = datetime(2025, 1, 1, tzinfo=UTC)
SEEDED = datetime(2026, 2, 22, tzinfo=UTC)
"""The last timestamp of the seed; the first day of changes is the next day."""

REGIONS = {
    "United Kingdom": ("England", "Scotland", "Wales", "Northern Ireland"),
    "Germany": ("Bayern", "Baden-Württemberg", "Nordrhein-Westfalen", "Sachsen"),
    "France": ("Île-de-France", "Occitanie", "Provence-Alpes-Côte d'Azur"),
    "Spain": ("Cataluña", "Andalucía", "Aragón"),
    "Poland": ("Małopolskie", "Śląskie", "Łódzkie"),
    "Greece": ("Αττική", "Κρήτη"),
}
SEGMENTS = ("consumer", "trade", "school", None)
STATUSES = ("new", "paid", "shipped", "delivered")
CHANNELS = ("web", "app", "phone")
GIVEN_NAMES = ("Ada", "Björn", "Chloé", "Dimitra", "Łucja", "Núria", "Owen", "Sinéad", "Θάνος", "Zoë")
FAMILY_NAMES = ("Ashworth", "Brontë", "García", "Kowalska", "Müller", "O'Brien", "Παππάς", "Strauß", "Vidal", "Wójcik")
CATEGORIES = {"lighting": "lantern", "kitchen": "teapot", "garden": "planter", "toys": "puzzle", "textiles": "cushion"}
COLOURS = ("white", "red", "blue", "crème", "green")

TABLES = """
CREATE TABLE IF NOT EXISTS customers (
    customer_id bigint PRIMARY KEY,
    name varchar(100) NOT NULL,
    email varchar(254) UNIQUE,
    country varchar(60) NOT NULL,
    region varchar(60),
    segment varchar(20),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS products (
    product_id bigint PRIMARY KEY,
    sku varchar(20) NOT NULL UNIQUE,
    name varchar(120) NOT NULL,
    category varchar(40) NOT NULL,
    unit_price decimal(10,2) NOT NULL,
    active boolean NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    order_id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON UPDATE CASCADE,
    status varchar(20) NOT NULL,
    channel varchar(20) NOT NULL,
    ordered_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS order_items (
    order_id bigint REFERENCES orders ON UPDATE CASCADE,
    line_number int,
    product_id bigint NOT NULL REFERENCES products ON UPDATE CASCADE,
    quantity int NOT NULL,
    unit_price decimal(10,2) NOT NULL,
    discount decimal(4,2),
    PRIMARY KEY (order_id, line_number)
);
CREATE INDEX IF NOT EXISTS orders_of_customer ON orders (customer_id);
CREATE INDEX IF NOT EXISTS items_of_product ON order_items (product_id);
-- So that the delete of a customer has all columns, not only the key.
ALTER TABLE customers REPLICA IDENTITY FULL;
-- Not TRUNCATE, which DMS does not replicate: readers must see that the earlier rows are deleted.
DELETE FROM order_items; DELETE FROM orders; DELETE FROM products; DELETE FROM customers;
"""

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Number of rows of each table; an order has two and a half items on average."""

    customers: int = 2_000
    products: int = 200
    orders: int = 10_000


def seed(conninfo: str, *, size: Size | None = None) -> dict[str, int]:
    """Create the shop's tables and fill them, replacing their rows, in one transaction.

    Args:
        conninfo: libpq connection string of the database.
        size: number of rows.

    Returns:
        The number of rows of each table.
    """
    size = size or Size()
    choose = random.Random(20260222)  # noqa: S311 - the rows must be the same every time
    products = list(_products(size, choose))
    with psycopg.connect(conninfo) as connection:
        connection.execute(TABLES)
        return {
            "customers": _copy(connection, "customers", _customers(size, choose)),
            "products": _copy(connection, "products", products),
            "orders": _copy(connection, "orders", _orders(size, choose)),
            "order_items": _copy(connection, "order_items", _items(size, products, choose)),
        }


def new_customer(number: int, choose: random.Random, *, created: datetime) -> Row:
    """Return the row of a customer; one in twenty has no e-mail, one in fifteen no region."""
    country = choose.choice(list(REGIONS))
    email = None if number % 20 == 0 else f"customer{number}@example.com"
    region = None if number % 15 == 0 else choose.choice(REGIONS[country])
    name = f"{choose.choice(GIVEN_NAMES)} {choose.choice(FAMILY_NAMES)}"
    return number, name, email, country, region, choose.choice(SEGMENTS), created, created


def discount(choose: random.Random) -> Decimal | None:
    """Return the discount of a line: mostly none, as 0 or as null."""
    return choose.choice((None, Decimal("0.00"), Decimal("0.00"), Decimal("0.05"), Decimal("0.25")))


def _customers(size: Size, choose: random.Random) -> Iterator[Row]:
    for number in range(1, size.customers + 1):
        yield new_customer(number, choose, created=OPENED + timedelta(minutes=choose.randrange(200_000)))


def _products(size: Size, choose: random.Random) -> Iterator[Row]:
    for number in range(1, size.products + 1):
        category = choose.choice(list(CATEGORIES))
        price = Decimal(choose.randrange(95, 9_995)) / 100
        name = f"{choose.choice(COLOURS)} {CATEGORIES[category]} no. {number}"
        yield number, f"SKU-{number:05d}", name, category, price, number % 25 != 0, OPENED


def _orders(size: Size, choose: random.Random) -> Iterator[Row]:
    seconds = int((SEEDED - OPENED).total_seconds())
    for number in range(1, size.orders + 1):
        ordered = OPENED + timedelta(seconds=seconds * number // (size.orders + 1))
        updated = min(ordered + timedelta(hours=choose.randrange(72)), SEEDED)
        # The last orders are still on their way.
        status = "delivered" if number < size.orders * 0.9 else choose.choice(STATUSES)
        yield number, choose.randint(1, size.customers), status, choose.choice(CHANNELS), ordered, updated


def _items(size: Size, products: Sequence[Row], choose: random.Random) -> Iterator[Row]:
    for order in range(1, size.orders + 1):
        for line, product in enumerate(choose.sample(products, k=order % 4 + 1), start=1):
            yield order, line, product[0], choose.randint(1, 12), product[4], discount(choose)


def _copy(connection: psycopg.Connection[Any], table: str, rows: Iterable[Row]) -> int:
    count = 0
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last count is the number of rows
            copy.write_row(row)
    return count
