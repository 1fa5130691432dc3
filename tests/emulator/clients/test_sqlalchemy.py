"""SQLAlchemy by PyAthena's dialect, and pandas by SQLAlchemy, on the emulator's Athena."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.support.emulator.client_lake import Lake

sqlalchemy = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is in an environment of its own: make test-clients")
pytest.importorskip("pyathena")


@pytest.fixture(scope="module")
def engine(lake: Lake) -> Iterator[Any]:
    url = f"awsathena+rest://:@athena.eu-central-1.amazonaws.com:443/{lake.database}"
    created = sqlalchemy.create_engine(f"{url}?s3_staging_dir={quote_plus(lake.results)}&poll_interval=0.05")
    yield created
    created.dispose()


def test_core_with_a_schema(lake: Lake, engine: Any) -> None:
    orders = sqlalchemy.Table("orders", sqlalchemy.MetaData(schema=lake.database), autoload_with=engine)
    assert [column.name for column in orders.columns] == ["id", "customer", "amount", "day"]
    total = sqlalchemy.func.sum(orders.c.amount).label("total")
    query = sqlalchemy.select(orders.c.customer, total).group_by(orders.c.customer).order_by(orders.c.customer)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [("customer 0", Decimal("4.50")), ("customer 1", Decimal("5.50")), ("customer 2", Decimal("3.75"))]


def test_orm_with_a_schema(lake: Lake, engine: Any) -> None:
    from sqlalchemy.orm import Session, declarative_base

    base = declarative_base()

    class Order(base):  # type: ignore[misc, valid-type]
        __tablename__ = "orders"
        __table_args__ = {"schema": lake.database}  # noqa: RUF012 - SQLAlchemy's form
        id = sqlalchemy.Column(sqlalchemy.BigInteger, primary_key=True)
        customer = sqlalchemy.Column(sqlalchemy.String)

    with Session(engine) as session:
        found = session.query(Order).filter(Order.customer == "customer 1", Order.id > 5).order_by(Order.id).all()
    assert [order.id for order in found] == [7, 10]


def test_inspection(lake: Lake, engine: Any) -> None:
    inspector = sqlalchemy.inspect(engine)
    assert lake.database in inspector.get_schema_names()
    assert "orders" in inspector.get_table_names(lake.database)
    assert inspector.has_table("orders", schema=lake.database)
    assert not inspector.has_table("no_such", schema=lake.database)
    assert not inspector.has_table("orders", schema="no_such")


def test_views_are_inspected(lake: Lake, engine: Any) -> None:
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE OR REPLACE VIEW small_orders AS SELECT * FROM orders WHERE id < 3"))
    inspector = sqlalchemy.inspect(engine)
    assert "small_orders" in inspector.get_view_names(lake.database)
    assert "WHERE" in inspector.get_view_definition("small_orders", lake.database)


def test_pandas_reads_and_writes(lake: Lake, engine: Any) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [1, 2], "name": ["a", "b"]})
    url = engine.url.update_query_dict({"location": f"{lake.files}/to_sql/", "file_format": "parquet"})
    with sqlalchemy.create_engine(url).connect() as connection:
        frame.to_sql("to_sql", connection, schema=lake.database, index=False, if_exists="fail", method="multi")
        found = pandas.read_sql("SELECT id, name FROM to_sql ORDER BY id", connection)
    assert found.to_dict("list") == {"id": [1, 2], "name": ["a", "b"]}
