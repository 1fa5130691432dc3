"""A quarter of a web shop and its till: what the full load finds, and what happens after it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.support.models.shop import LOADED_AT, Row, Shop

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def opened() -> Shop:
    """Four customers, three products and a quarter of orders; prices and discounts that do not divide evenly."""
    regions = {1: "north", 2: "south", 3: None, 4: "west"}
    prices = {1: "10.00", 2: "3.33", 3: "0.05"}
    return Shop(
        customers=[
            {"customer_id": key, "name": f"Customer {key}", "email": f"{key}@example.com", "country": "GB"}
            | {"region": region, "segment": "consumer", "created_at": JANUARY, "updated_at": JANUARY}
            for key, region in regions.items()
        ],
        products=[
            {"product_id": key, "sku": f"8512{key}", "name": f"Product {key}", "category": "toys"}
            | {"unit_price": Decimal(price), "active": True, "updated_at": JANUARY}
            for key, price in prices.items()
        ],
        orders=[_order(number, customer=1 + number % 4, day=number * 7) for number in range(1, 13)],
        order_items=[
            _item(number, line, product=1 + (number + line) % 3, price=prices[1 + (number + line) % 3])
            for number in range(1, 13)
            for line in range(1, 2 + number % 3)
        ],
    )


def _order(number: int, *, customer: int, day: int) -> Row:
    at = JANUARY - timedelta(days=2, minutes=1) + timedelta(days=day)
    status = ("new", "shipped", "delivered", "cancelled", "returned")[number % 5]
    return {"order_id": number, "customer_id": customer, "status": status, "channel": "web", "ordered_at": at} | {
        "updated_at": at
    }


def _item(order: int, line: int, *, product: int, price: str) -> Row:
    discount = (None, Decimal("0.15"), Decimal("0.00"))[(order + line) % 3]
    return {"order_id": order, "line_number": line, "product_id": product, "quantity": order + line} | {
        "unit_price": Decimal(price),
        "discount": discount,
    }


def till() -> list[Row]:
    """Lines of a till: a product of the web shop, another one, a return; before and after the products' change."""
    at = LOADED_AT + timedelta(minutes=15)
    line = {"description": "A THING", "unit_price": Decimal("0.085"), "country": "United Kingdom"}
    return [
        line | {"invoice_no": "536365", "stock_code": "85121", "quantity": 6, "sold_at": JANUARY, "customer_id": 2},
        line | {"invoice_no": "536366", "stock_code": "22423", "quantity": 7, "sold_at": JANUARY, "customer_id": 17850},
        line | {"invoice_no": "C536379", "stock_code": "85122", "quantity": -1, "sold_at": at, "customer_id": None},
        line | {"invoice_no": "536380", "stock_code": "85121", "quantity": 3, "sold_at": at, "customer_id": 1},
    ]


def change(shop: Shop) -> None:
    """A customer moves twice, one comes, one goes, one comes back; prices, codes, orders and lines change."""
    shop.commit(10, ("U", "customers", {"customer_id": 1, "region": "west"}), ("U", "products", _priced(1, "12.50")))
    shop.commit(20, ("U", "customers", {"customer_id": 1, "region": "east"}))
    shop.commit(30, ("U", "customers", {"customer_id": 2, "email": "new@example.com"}))
    shop.commit(40, ("I", "customers", {"customer_id": 5, "country": "FR", "region": "abroad", "segment": "business"}))
    shop.commit(50, ("D", "customers", {"customer_id": 4}), ("D", "products", {"product_id": 2}))
    shop.commit(55, ("D", "customers", {"customer_id": 3}))
    shop.commit(57, ("I", "customers", {"customer_id": 3, "country": "GB", "region": "south", "segment": "public"}))
    # The code of the product that went passes to a new one.
    shop.commit(
        60,
        ("I", "products", {"product_id": 4, "sku": "85122", "name": "Product 4", "category": "gifts", "active": True}),
        ("U", "products", _priced(4, "1.00")),
    )
    shop.commit(70, ("D", "orders", {"order_id": 7}), *_lines_deleted(shop, order=7))
    shop.commit(71, ("D", "order_items", {"order_id": 5, "line_number": 1}))
    shop.commit(72, ("U", "orders", {"order_id": 6, "status": "cancelled"}))
    # Its lines' deletion has not arrived yet.
    shop.commit(73, ("D", "orders", {"order_id": 8}))
    # Order 15 is of the very moment at which its customer moved.
    for number, customer, minute in ((13, 1, 15), (14, 5, 15), (15, 1, 20)):
        order = _order(number, customer=customer, day=1) | {"ordered_at": LOADED_AT + timedelta(minutes=minute)}
        item = _item(number, 1, product=1, price="12.50")
        shop.commit(60 + number, ("I", "orders", order | {"status": "new"}), ("I", "order_items", item))


def _priced(product: int, price: str) -> Row:
    return {"product_id": product, "unit_price": Decimal(price)}


def _lines_deleted(shop: Shop, *, order: int) -> list[tuple[str, str, Row]]:
    keys = [key for key in shop.now["order_items"] if key[0] == order]
    return [("D", "order_items", {"order_id": key[0], "line_number": key[1]}) for key in keys]
