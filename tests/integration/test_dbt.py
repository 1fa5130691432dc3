"""The star schema as dbt builds it on Athena, against an independent computation: at first, and after changes."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from emulator.runtime import server_lifecycle
from lakehouse.contracts.loader import load_contracts
from lakehouse.engine import athena, catalog
from lakehouse.engine.session import spark
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone
from lakehouse.operations import dbt
from lakehouse.tables import migrations
from tests.support.models import quarter, small_project
from tests.support.models.shop import LOADED_AT, Row, Shop

ROOT = Path(dbt.__file__).parents[2]
ALWAYS = datetime(1900, 1, 1)
ORIGIN = {"_batch_id": "dataset-00000001", "_ingested_at": LOADED_AT}

pytestmark = pytest.mark.slow


class Lake:
    """Zones of a deployment of this test's own, filled by hand and read through PyIceberg."""

    def __init__(self, names: Names, iceberg: Catalog, target: Path) -> None:
        self.names, self._iceberg, self._target = names, iceberg, target

    def fill(self, shop: Shop, till: list[Row], *, late: Callable[[list[Row]], list[Row]] = list) -> None:
        """Put the shop's log in raw, as `late` delivers it, and its state and the till's lines in integration."""
        for table in ("customers", "products"):
            self._write(self.names.database(Zone.RAW), table, late(shop.raw(table)))
        for table in shop.now:
            self._write(self.names.database(Zone.INTEGRATION), table, shop.state(table))
        self._write(self.names.database(Zone.INTEGRATION), "store_sales", till)
        promoted = {"batch_id": ORIGIN["_batch_id"], "move": "raw_to_integration", "state": "succeeded"}
        self._write(self.names.ops_database, "batches", [promoted])

    def _write(self, database: str, name: str, rows: list[Row]) -> None:
        # Not by PyIceberg, which makes an empty list of a list of structs that is null.
        schema = self._iceberg.load_table((database, name)).schema().as_arrow()
        nullable = pa.schema([field.with_nullable(True) for field in schema])
        content = pa.Table.from_pylist([ORIGIN | row for row in rows], schema=nullable)
        spark().createDataFrame(content).writeTo(f"{database}.{name}").overwritePartitions()

    def build(self, *select: str, project: Path = ROOT / "models", exactly: bool = False) -> list[dbt.Node]:
        return dbt.build(self.names, project=project, target=self._target, select=select, exactly=exactly)

    def rows(self, name: str) -> list[Row]:
        """The rows of a curated table."""
        table = self._iceberg.load_table((self.names.database(Zone.CURATED), name))
        rows: list[Row] = table.scan().to_arrow().to_pylist()
        return rows


@pytest.fixture(scope="module")
def lake(aws: server_lifecycle.Server, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    names = small_project.deploy(aws, project="curated")
    iceberg = catalog.load()
    migrations.apply(iceberg, load_contracts(ROOT / "contracts"), names)
    return Lake(names, iceberg, tmp_path_factory.mktemp("dbt"))


def _at(minute: int) -> datetime:
    return (LOADED_AT + timedelta(minutes=minute)).replace(tzinfo=None)


CREATED = quarter.JANUARY.replace(tzinfo=None)
CUSTOMERS_AT_FIRST = [
    (1, 1, "north", CREATED, None),
    (2, 1, "south", CREATED, None),
    (3, 1, None, CREATED, None),
    (4, 1, "west", CREATED, None),
    (-1, 1, "unknown", ALWAYS, None),
]
CUSTOMERS_AFTER = [
    (1, 1, "north", CREATED, _at(10)),
    (1, 2, "west", _at(10), _at(20)),
    (1, 3, "east", _at(20), None),
    (2, 1, "south", CREATED, None),
    (3, 1, None, CREATED, _at(55)),
    (3, 2, "south", _at(57), None),
    (4, 1, "west", CREATED, _at(50)),
    (5, 1, "abroad", _at(40), None),
    (-1, 1, "unknown", ALWAYS, None),
]
PRODUCTS_AT_FIRST = [
    (1, 1, "85121", Decimal("10.00"), ALWAYS, None),
    (2, 1, "85122", Decimal("3.33"), ALWAYS, None),
    (3, 1, "85123", Decimal("0.05"), ALWAYS, None),
    (-1, 1, "unknown", None, ALWAYS, None),
]
PRODUCTS_AFTER = [
    (1, 1, "85121", Decimal("10.00"), ALWAYS, _at(10)),
    (1, 2, "85121", Decimal("12.50"), _at(10), None),
    (2, 1, "85122", Decimal("3.33"), ALWAYS, _at(50)),
    (3, 1, "85123", Decimal("0.05"), ALWAYS, None),
    (4, 1, "85122", Decimal("1.00"), _at(60), None),
    (-1, 1, "unknown", None, ALWAYS, None),
]


def test_the_star_schema_is_right_at_first_and_after_changes(lake: Lake) -> None:
    shop, till = quarter.opened(), quarter.till()
    lake.fill(shop, till)
    assert _warnings(lake.build()) == []
    _check(lake, shop, till, customers=CUSTOMERS_AT_FIRST, products=PRODUCTS_AT_FIRST)

    quarter.change(shop)
    # The log comes in any order, and a part of it twice.
    lake.fill(shop, till, late=lambda rows: [*reversed(rows), *rows[::2]])
    assert _warnings(lake.build()) == ["fct_order_items_is_complete"]
    _check(lake, shop, till, customers=CUSTOMERS_AFTER, products=PRODUCTS_AFTER)
    _check_documentation(lake)

    as_was = _documented_sql("## Which version", number=0)
    assert ("west", _revenue_of_region_at_the_time(lake, "west")) in _query(lake, as_was)


@pytest.mark.parametrize("select", [(), ("sales_by_region_month", "sales_by_region_month_adds_up")])
def test_a_mart_that_counts_twice_is_seen_by_nobody(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, select: tuple[str, ...]
) -> None:
    monkeypatch.setenv(dbt.PYTHON, str(dbt.interpreter(ROOT / "models")))
    mart = "sales_by_region_month"
    lake.fill(quarter.opened(), quarter.till())
    lake.build()
    before = lake.rows(mart)
    doubled = tmp_path / "models"
    shutil.copytree(ROOT / "models", doubled, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    path = doubled / "zones" / "curated" / f"{mart}.sql"
    path.write_text(path.read_text() + "union all\n" + path.read_text())
    with pytest.raises(
        LakehouseError, match=rf"test {mart}_adds_up: Got 2 results(.|\n)*the refused rows are in"
    ) as told:
        lake.build(*select, project=doubled, exactly=bool(select))
    assert lake.rows(mart) == before
    refused = re.search(rf"refused rows are in \w+\.({mart}__\w+)", str(told.value))
    assert refused
    assert len(lake.rows(refused[1])) == 2 * len(before)
    again = {node.name: node.publication.state for node in lake.build() if node.publication}
    assert set(again.values()) == {"unchanged"}


def test_a_history_that_does_not_end_in_the_state_fails_by_name(lake: Lake) -> None:
    shop = quarter.opened()
    lake.fill(shop, quarter.till(), late=lambda rows: rows[1:])
    with pytest.raises(LakehouseError, match="test current_versions_are_the_state_int_customer_versions"):
        lake.build("int_customer_versions")


def _check(
    lake: Lake, shop: Shop, till: list[Row], *, customers: list[tuple[Any, ...]], products: list[tuple[Any, ...]]
) -> None:
    dim_customer, dim_product = lake.rows("dim_customer"), lake.rows("dim_product")
    assert Counter(_tuples(dim_customer, "customer_id version region valid_from valid_to")) == Counter(customers)
    assert Counter(_tuples(dim_product, "product_id version sku unit_price valid_from valid_to")) == Counter(products)
    for row in dim_customer + dim_product:
        assert row["is_current"] == (row["valid_to"] is None)

    customer = {row["customer_key"]: (row["customer_id"], row["version"]) for row in dim_customer}
    product = {row["product_key"]: (row["product_id"], row["version"]) for row in dim_product}
    assert Counter(
        (customer[row["customer_key"]], product[row["product_key"]], *values)
        for row in lake.rows("fct_order_items")
        for values in _tuples(
            [row], "date_key order_id line_number status quantity gross_amount discount_amount net_amount"
        )
    ) == Counter(_expected_order_items(shop, customers, products))
    assert Counter(
        (customer[row["customer_key"]], product[row["product_key"]], *values)
        for row in lake.rows("fct_store_sales")
        for values in _tuples([row], "date_key invoice_no is_cancellation quantity amount")
    ) == Counter(_expected_store_sales(till, customers, products))

    columns = "region month orders items gross_revenue net_revenue customers"
    assert Counter(_tuples(lake.rows("sales_by_region_month"), columns)) == Counter(_mart_on_the_source(shop))
    _check_dates(lake.rows("dim_date"))


def _warnings(nodes: list[dbt.Node]) -> list[str]:
    return [node.name for node in nodes if node.status not in ("success", "pass")]


def _tuples(rows: list[Row], columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns.split()) for row in rows]


def _valid(versions: list[tuple[Any, ...]], at: datetime, *, first_is_open: bool) -> tuple[int, int] | None:
    """(key, version) of the one of `versions` that is valid at `at`."""
    for key, number, *_, start, end in versions:
        if (start <= at or (first_is_open and number == 1)) and (end is None or at < end):
            return key, number
    return None


def _expected_order_items(
    shop: Shop, customers: list[tuple[Any, ...]], products: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    expected = []
    for item in shop.now["order_items"].values():
        order = shop.now["orders"].get((item["order_id"],))
        if order is None:
            continue
        at = order["ordered_at"].replace(tzinfo=None)
        buyers = [version for version in customers if version[0] == order["customer_id"]]
        bought = [version for version in products if version[0] == item["product_id"]]
        gross = item["quantity"] * item["unit_price"]
        net = (gross * (1 - (item["discount"] or 0))).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
        expected.append(
            (
                _valid(buyers, at, first_is_open=True) or (-1, 1),
                _valid(bought, at, first_is_open=True) or (-1, 1),
                int(f"{at:%Y%m%d}"),
                *(item["order_id"], item["line_number"], order["status"], item["quantity"]),
                *(gross, gross - net, net),
            )
        )
    return expected


def _expected_store_sales(
    till: list[Row], customers: list[tuple[Any, ...]], products: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    expected = []
    for line in till:
        at = line["sold_at"].replace(tzinfo=None)
        buyers = [version for version in customers if version[0] == line["customer_id"]]
        sold = [version for version in products if version[2] == line["stock_code"]]
        expected.append(
            (
                _valid(buyers, at, first_is_open=True) or (-1, 1),
                _valid(sold, at, first_is_open=False) or (-1, 1),
                int(f"{at:%Y%m%d}"),
                *(line["invoice_no"], line["invoice_no"].startswith("C"), line["quantity"]),
                line["quantity"] * line["unit_price"],
            )
        )
    return expected


def _mart_on_the_source(shop: Shop) -> list[tuple[Any, ...]]:
    """The mart as the source's own SQL computes it: the query that docs/curated.md shows, on the tables as they are."""
    with duckdb.connect() as source:
        source.execute("set timezone = 'UTC'")
        for table, rows in shop.now.items():
            source.register(table, pa.Table.from_pylist(list(rows.values())))
        return source.execute(_documented_sql("## Which version", number=1)).fetchall()


def _documented_sql(heading: str, *, number: int) -> str:
    section = (ROOT / "docs/curated.md").read_text().split(heading)[1].split("\n## ")[0]
    found = re.findall(r"```sql\n(.*?)```", section, flags=re.DOTALL)
    return str(found[number])


def _query(lake: Lake, sql: str) -> list[tuple[str | None, ...]]:
    database = lake.names.database(Zone.CURATED)
    qualified = re.sub(r"\b(fct_\w+|dim_\w+) as", rf"{database}.\1 as", sql)
    return list(athena.query(boto3.client("athena"), qualified, names=lake.names).rows)


def _revenue_of_region_at_the_time(lake: Lake, region: str) -> str:
    keys = {row["customer_key"] for row in lake.rows("dim_customer") if row["region"] == region}
    sales = [row for row in lake.rows("fct_order_items") if row["status"] not in ("cancelled", "returned")]
    return str(sum(row["net_amount"] for row in sales if row["customer_key"] in keys))


def _check_dates(days: list[Row]) -> None:
    assert len(days) == (date(2030, 12, 31) - date(2010, 1, 1)).days + 1
    for row in days:
        day = row["date_day"]
        assert (row["iso_year"], row["iso_week"], row["day_of_week"]) == tuple(day.isocalendar())
        assert row["date_key"] == int(f"{day:%Y%m%d}")
        assert (row["year"], row["quarter"], row["month"]) == (day.year, (day.month + 2) // 3, day.month)
        assert (row["month_start"], row["day_of_month"]) == (day.replace(day=1), day.day)
        assert (row["month_name"], row["day_name"]) == (f"{day:%B}", f"{day:%A}")
        assert row["is_weekend"] == (row["day_of_week"] > 5)


def _check_documentation(lake: Lake) -> None:
    """Whoever looks into the Glue catalog finds what each table and column means, and Iceberg tables in zstd."""
    for table in boto3.client("glue").get_tables(DatabaseName=lake.names.database(Zone.CURATED))["TableList"]:
        assert table["Description"], table["Name"]
        assert [column["Name"] for column in table["StorageDescriptor"]["Columns"] if not column.get("Comment")] == []
        assert table["Parameters"]["table_type"].upper() == "ICEBERG"
