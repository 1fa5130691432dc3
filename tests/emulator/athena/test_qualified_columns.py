"""Columns with the schema, or catalog and schema, of their table before the table's name."""

import pytest

from tests.support.emulator.athena_client import DATABASE, Athena, iceberg

ITEMS = """
    SELECT * FROM (VALUES
        (1, 'a', CAST(ROW(10) AS ROW(size integer))), (2, 'b', CAST(ROW(20) AS ROW(size integer)))
    ) AS t (id, name, box)
"""


@pytest.fixture(scope="module")
def items(athena: Athena) -> str:
    athena(iceberg("qualified_items", ITEMS))
    athena("CREATE DATABASE IF NOT EXISTS qualified_other")
    athena(
        f"CREATE OR REPLACE VIEW qualified_other.qualified_items AS SELECT id + 1 AS id FROM {DATABASE}.qualified_items"
    )
    return f"{DATABASE}.qualified_items"


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT {t}.name FROM {t} ORDER BY {t}.id", [("a",), ("b",)]),
        ("SELECT awsdatacatalog.{t}.name FROM {t} WHERE awsdatacatalog.{t}.id = 2", [("b",)]),
        ("SELECT {t}.name FROM awsdatacatalog.{t} WHERE {t}.id = 2", [("b",)]),
        ("SELECT shop.Qualified_Items.NAME FROM qualified_items WHERE qualified_items.id = 1", [("a",)]),
        ("SELECT {t}.box.size, awsdatacatalog.{t}.box.size FROM {t} WHERE id = 1", [("10", "10")]),
        ("SELECT {t}.* FROM {t} WHERE id = 1", [("1", "a", "{size=10}")]),
        ("SELECT count({t}.id) FROM {t} GROUP BY {t}.name HAVING max({t}.id) > 1", [("1",)]),
        ("SELECT {t}.id, {o}.id FROM {t} JOIN {o} ON {t}.id = {o}.id", [("2", "2")]),
        ("SELECT {t}.id FROM {t}, {o} WHERE {t}.id = {o}.id", [("2",)]),
        ("SELECT {t}.id FROM {t} WHERE EXISTS (SELECT 1 FROM {o} WHERE {o}.id = {t}.id)", [("2",)]),
        ("SELECT {t}.id FROM {t} WHERE id IN (SELECT {o}.id FROM {o})", [("2",)]),
        ("WITH x AS (SELECT {t}.id FROM {t}) SELECT count(*) FROM x", [("2",)]),
        ("SELECT x.id FROM (SELECT {t}.id FROM {t}) x JOIN {t} ON {t}.id = x.id WHERE x.id = 1", [("1",)]),
        ("SELECT {s}.schema_name FROM {s} WHERE {s}.schema_name = 'shop'", [("shop",)]),
    ],
    ids=str,
)  # fmt: skip
def test_a_column_may_have_its_schema_before_it(
    athena: Athena, items: str, sql: str, rows: list[tuple[str | None, ...]]
) -> None:
    assert (
        athena(sql.format(t=items, o="qualified_other.qualified_items", s="information_schema.schemata")).rows == rows
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT {t}.name FROM {t} x",
        "SELECT {t}.nope FROM {t}",
        "SELECT nope.qualified_items.id FROM {t}",
        "SELECT nope.{t}.id FROM {t}",
        "SELECT qualified_items.id FROM {t}, qualified_other.qualified_items",
    ],
)
def test_a_column_of_another_schema_is_refused(athena: Athena, items: str, sql: str) -> None:
    assert "cannot be resolved" in athena.fails(sql.format(t=items))


def test_changes_take_qualified_columns(athena: Athena) -> None:
    table = f"{DATABASE}.qualified_changes"
    athena(iceberg("qualified_changes", "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) AS t (id, name)"))
    athena(f"UPDATE {table} SET name = {table}.name || 'x' WHERE {table}.id = 1")
    athena(f"DELETE FROM {table} WHERE {table}.id = 2")
    athena(
        f"MERGE INTO {table} USING (SELECT 3 AS id) AS s ON {table}.id = s.id "
        f"WHEN MATCHED THEN UPDATE SET name = {table}.name || 'y'"
    )
    assert athena(f"SELECT name FROM {table} ORDER BY id").rows == [("ax",), ("cy",)]
