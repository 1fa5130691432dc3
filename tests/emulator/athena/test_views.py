"""Views: their form in Glue, over tables and over other views."""

import base64
import json

import boto3
import pytest

from tests.support.emulator.athena_client import DATABASE, Athena, iceberg


@pytest.fixture
def base(athena: Athena, table: str) -> str:
    athena(
        iceberg(table, "SELECT * FROM (VALUES (1, 'a', TIMESTAMP '2024-01-01 00:00:00.000000')) AS t (id, name, at)")
    )
    return table


def test_a_view_is_stored_as_athena_stores_it(athena: Athena, base: str) -> None:
    athena(f"CREATE OR REPLACE VIEW {base}_v AS SELECT id, upper(name) AS big, at, count(*) OVER () AS n FROM {base}")
    assert athena(f"SELECT * FROM {base}_v").rows == [("1", "A", "2024-01-01 00:00:00.000000", "1")]
    view_table = boto3.client("glue").get_table(DatabaseName=DATABASE, Name=f"{base}_v")["Table"]
    assert (view_table["TableType"], view_table["ViewExpandedText"]) == ("VIRTUAL_VIEW", "/* Presto View */")
    text = view_table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    view = json.loads(base64.b64decode(text))
    assert (view["catalog"], view["schema"]) == ("awsdatacatalog", DATABASE)
    assert view["columns"] == [
        {"name": "id", "type": "integer"},
        {"name": "big", "type": "varchar"},
        {"name": "at", "type": "timestamp(6)"},
        {"name": "n", "type": "bigint"},
    ]
    assert [(c["Name"], c["Type"]) for c in view_table["StorageDescriptor"]["Columns"]] == [
        *(("id", "int"), ("big", "string"), ("at", "timestamp"), ("n", "bigint")),
    ]


def test_a_view_that_athena_made_in_production_works(athena: Athena, base: str) -> None:
    view = {
        "originalSql": f'SELECT id x FROM "{base}"',
        "catalog": "awsdatacatalog",
        "schema": DATABASE,
        "columns": [{"name": "x", "type": "integer"}],
    }
    text = f"/* Presto View: {base64.b64encode(json.dumps(view).encode()).decode()} */"
    boto3.client("glue").create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": f"{base}_p",
            "TableType": "VIRTUAL_VIEW",
            "ViewOriginalText": text,
            "ViewExpandedText": "/* Presto View */",
            "Parameters": {"presto_view": "true"},
            "StorageDescriptor": {"Columns": [{"Name": "x", "Type": "int"}]},
        },
    )
    assert athena(f"SELECT x FROM {base}_p").rows == [("1",)]


def test_views_of_views_in_other_databases(athena: Athena, base: str) -> None:
    athena("CREATE DATABASE IF NOT EXISTS views")
    athena(f"CREATE VIEW views.{base}_a AS SELECT t.id + 1 AS id FROM {DATABASE}.{base} t")
    athena(f"CREATE VIEW {base}_b AS WITH x AS (SELECT id FROM views.{base}_a) SELECT x.id, b.name FROM x, {base} b")
    assert athena(f"SELECT b.* FROM {base}_b AS b WHERE id = 2", database=DATABASE).rows == [("2", "a")]
    assert athena(f"SELECT id FROM {DATABASE}.{base}_b", database="views").rows == [("2",)]
    athena("DROP DATABASE views CASCADE")
    assert "views" in athena.fails(f"SELECT id FROM {base}_b")


def test_show_describe_and_drop(athena: Athena, base: str) -> None:
    sql = f"SELECT id, name\nFROM {base}"
    athena(f"CREATE VIEW {base}_v AS {sql}")
    assert athena(f"SHOW VIEWS LIKE '{base}*'").rows == [(f"{base}_v",)]
    assert (f"{base}_v",) in athena("SHOW TABLES").rows
    created = "\n".join(row[0] or "" for row in athena(f"SHOW CREATE VIEW {base}_v").rows)
    assert created == f"CREATE VIEW {DATABASE}.{base}_v AS\n{sql}"
    described = [[part.strip() for part in (row[0] or "").split("\t")][:2] for row in athena(f"DESCRIBE {base}_v").rows]
    assert described == [["id", "int"], ["name", "string"]]
    assert "already exists" in athena.fails(f"CREATE VIEW {base}_v AS SELECT 1 AS a")
    assert "INSERT" in athena.fails(f"INSERT INTO {base}_v VALUES (1, 'x')").upper()
    assert f"{base}_v" in athena.fails(f"DROP TABLE {base}_v")
    athena(f"DROP VIEW {base}_v")
    athena(f"DROP VIEW IF EXISTS {base}_v")
    assert f"{base}_v" in athena.fails(f"DROP VIEW {base}_v")


def test_a_view_is_checked_when_it_is_made(athena: Athena, base: str) -> None:
    assert athena.fails(f"CREATE VIEW {base}_v AS SELECT nope FROM {base}").startswith("COLUMN_NOT_FOUND")
    assert athena.fails(f"CREATE VIEW {base}_v AS SELECT id, id FROM {base}").startswith("DUPLICATE_COLUMN_NAME")
    assert athena.fails(f"CREATE VIEW {base}_v AS SELECT id + 1 FROM {base}").startswith("MISSING_COLUMN_NAME")
    athena(f"CREATE VIEW {base}_v AS SELECT id FROM {base}")
    assert athena.fails(f"CREATE OR REPLACE VIEW {base}_v AS SELECT id FROM {base}_v").startswith("VIEW_IS_RECURSIVE")
    assert athena.fails(f"CREATE OR REPLACE VIEW {base} AS SELECT 1 AS a")
