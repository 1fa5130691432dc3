"""PyAthena on the emulator's Athena: its cursors. `make test-clients` runs it with PyAthena 4 and 3."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.support.emulator.client_lake import Lake

pyathena = pytest.importorskip("pyathena", reason="PyAthena has an environment of its own: make test-clients")
pytest.importorskip("pandas")

FIRST = "SELECT id, customer, amount, day FROM orders WHERE id <= 2 ORDER BY id"
ROWS = [
    (1, "customer 1", Decimal("0.25"), dt.date(2026, 1, 2)),
    (2, "customer 2", Decimal("0.50"), dt.date(2026, 1, 3)),
]


def connect(lake: Lake, **options: Any) -> Any:
    return pyathena.connect(s3_staging_dir=lake.results, schema_name=lake.database, poll_interval=0.05, **options)


def test_cursor(lake: Lake) -> None:
    cursor = connect(lake).cursor()
    assert cursor.execute(FIRST).fetchall() == ROWS
    names = [column[:2] for column in cursor.description]
    assert names == [("id", "bigint"), ("customer", "varchar"), ("amount", "decimal"), ("day", "date")]


def test_dict_cursor(lake: Lake) -> None:
    from pyathena.cursor import DictCursor

    found = connect(lake, cursor_class=DictCursor).cursor().execute(FIRST).fetchone()
    assert found == dict(zip(("id", "customer", "amount", "day"), ROWS[0], strict=True))


def test_async_cursor(lake: Lake) -> None:
    from pyathena.async_cursor import AsyncCursor

    cursor = connect(lake, cursor_class=AsyncCursor).cursor()
    _, future = cursor.execute(FIRST)
    assert future.result().fetchall() == ROWS


@pytest.mark.parametrize("unload", [False, True])
def test_pandas_cursor(lake: Lake, unload: bool) -> None:
    from pyathena.pandas.cursor import PandasCursor

    cursor = connect(lake, cursor_class=PandasCursor, cursor_kwargs={"unload": unload}).cursor()
    frame = cursor.execute(FIRST).as_pandas()
    assert frame["id"].tolist() == [1, 2]
    assert frame["customer"].tolist() == ["customer 1", "customer 2"]


def test_pandas_cursor_in_chunks(lake: Lake) -> None:
    from pyathena.pandas.cursor import PandasCursor

    cursor = connect(lake, cursor_class=PandasCursor).cursor()
    chunks = cursor.execute("SELECT n FROM unnest(sequence(1, 2500)) AS t (n)", chunksize=1000).as_pandas()
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]


def test_arrow_cursor(lake: Lake, arrow_endpoint: None) -> None:
    from pyathena.arrow.cursor import ArrowCursor

    table = connect(lake, cursor_class=ArrowCursor).cursor().execute(FIRST).as_arrow()
    assert table.to_pydict()["id"] == [1, 2]


def test_s3fs_cursor(lake: Lake) -> None:
    module = pytest.importorskip("pyathena.s3fs.cursor")
    assert connect(lake, cursor_class=module.S3FSCursor).cursor().execute(FIRST).fetchall() == ROWS


@pytest.mark.parametrize(("style", "sql", "parameters"), [("pyformat", "%(n)s", {"n": 9}), ("qmark", "?", ["9"])])
def test_parameters(lake: Lake, style: str, sql: str, parameters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyathena, "paramstyle", style)
    cursor = connect(lake).cursor()
    options = {"paramstyle": style} if style == "qmark" else {}
    cursor.execute(f"SELECT id FROM orders WHERE id > {sql}", parameters, **options)
    assert cursor.fetchall() == [(10,)]


def test_values_of_every_type(lake: Lake) -> None:
    sql = """SELECT true, tinyint '1', smallint '2', 3, bigint '4', real '1.5', 2.5e0, decimal '1.50', 'x',
                    date '2026-01-02', timestamp '2026-01-02 03:04:05.678', time '10:00:00', time '10:00:00.5', x'00ff',
                    array[1, 2], map(array['a'], array[1]), cast(row(1, 'y') AS row(n integer, t varchar)), null"""
    found = connect(lake).cursor().execute(sql).fetchone()
    assert found[:11] == (
        *(True, 1, 2, 3, 4, 1.5, 2.5, Decimal("1.50"), "x", dt.date(2026, 1, 2)),
        dt.datetime(2026, 1, 2, 3, 4, 5, 678000),
    )
    assert found[11:14] == (dt.time(10), dt.time(10, 0, 0, 500000), b"\x00\xff")
    array, mapping, row, nothing = found[14:]
    assert (array, nothing) == ([1, 2], None)
    # PyAthena leaves some numbers in maps and rows as text.
    assert {key: str(value) for key, value in {**mapping, **row}.items()} == {"a": "1", "n": "1", "t": "y"}


def test_errors_are_the_engines(lake: Lake) -> None:
    with pytest.raises(pyathena.error.OperationalError, match="TABLE_NOT_FOUND"):
        connect(lake).cursor().execute("SELECT * FROM no_such")
    with pytest.raises(pyathena.error.DatabaseError, match="mismatched input"):
        connect(lake).cursor().execute("SELEKT 1")


def test_table_metadata(lake: Lake) -> None:
    cursor = connect(lake).cursor()
    metadata = cursor.get_table_metadata("orders")
    assert [column.name for column in metadata.columns] == ["id", "customer", "amount", "day"]
    assert "orders" in [table.name for table in cursor.list_table_metadata()]
    with pytest.raises(pyathena.error.OperationalError, match="EntityNotFoundException"):
        cursor.get_table_metadata("no_such", logging_=False)
