"""CREATE, ALTER and DROP of Iceberg tables and databases, CTAS, OPTIMIZE and VACUUM, SHOW and DESCRIBE."""

import boto3
import pytest

from tests.support.emulator import glue_catalog
from tests.support.emulator.athena_client import BUCKET, DATABASE, Athena, iceberg, location


def test_a_table_is_created_and_changed(athena: Athena, table: str) -> None:
    athena(
        f"""CREATE TABLE {table} (id bigint COMMENT 'key', name string, price decimal(10,2), at timestamp,
                                  tags array<string>, place struct<city:string,zip:int>)
            COMMENT 'a table' PARTITIONED BY (day(at), bucket(8, id), truncate(3, name))
            LOCATION '{location(table)}' TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet',
                                                       'write_compression' = 'zstd')"""
    )
    athena(
        f"""INSERT INTO {table} VALUES (1, 'abcdef', DECIMAL '1.5', TIMESTAMP '2024-01-02 03:04:05.123456',
                                        ARRAY['x', NULL], CAST(ROW('Lyon', 69001) AS ROW(city varchar, zip integer)))"""
    )
    athena(f"ALTER TABLE {table} ADD COLUMNS (note string, size int COMMENT 'in mm')")
    athena(f"ALTER TABLE {table} CHANGE COLUMN note remark string")
    athena(f"ALTER TABLE {table} CHANGE size size bigint AFTER id")
    athena(f"INSERT INTO {table} (id, size, remark) VALUES (2, 5000000000, 'big')")
    athena(f"ALTER TABLE {table} DROP COLUMN price")
    answer = athena(f"SELECT * FROM {table} ORDER BY id")
    assert answer.names == ["id", "size", "name", "at", "tags", "place", "remark"]
    assert answer.rows == [
        ("1", None, "abcdef", "2024-01-02 03:04:05.123456", "[x, null]", "{city=Lyon, zip=69001}", None),
        ("2", "5000000000", None, None, None, None, "big"),
    ]
    assert athena(f"SELECT place.city, tags[1] FROM {table} WHERE id = 1").rows == [("Lyon", "x")]
    described = [[part.strip() for part in (row[0] or "").split("\t")] for row in athena(f"DESCRIBE {table}").rows]
    assert described[0][0] == "# Table schema:"
    assert ["id", "bigint", "key"] in described
    assert athena(f"SHOW COLUMNS IN {table}").rows[0] == ("id".ljust(20),)
    created = "\n".join(row[0] or "" for row in athena(f"SHOW CREATE TABLE {table}").rows)
    assert created.startswith(f"CREATE TABLE {DATABASE}.{table} (")
    assert "PARTITIONED BY (day(`at`), bucket(8, `id`), truncate(3, `name`))" in created
    spec = glue_catalog.load().load_table((DATABASE, table)).spec()
    assert [str(field.transform) for field in spec.fields] == ["day", "bucket[8]", "truncate[3]"]


def test_show_create_table_creates_the_same_table(athena: Athena, table: str) -> None:
    athena(
        f"""CREATE TABLE {table} (id bigint, at timestamp, m map<string,int>) PARTITIONED BY (month(at))
            LOCATION '{location(table)}' TBLPROPERTIES ('table_type'='ICEBERG', 'write_compression'='zstd')"""
    )
    created = "\n".join(row[0] or "" for row in athena(f"SHOW CREATE TABLE {table}").rows)
    athena(f"DROP TABLE {table}")
    athena(created)
    assert "\n".join(row[0] or "" for row in athena(f"SHOW CREATE TABLE {table}").rows) == created


def test_properties(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 1 AS id"))
    athena(f"ALTER TABLE {table} SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '5')")
    assert ("vacuum_max_snapshot_age_seconds\t5",) in athena(f"SHOW TBLPROPERTIES {table}").rows
    athena(f"ALTER TABLE {table} UNSET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds')")
    assert "vacuum_max" not in str(athena(f"SHOW TBLPROPERTIES {table}").rows)


def test_rename_and_drop(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 1 AS id"))
    athena(f"ALTER TABLE {table} RENAME TO {table}_new")
    assert athena(f"SELECT id FROM {table}_new").rows == [("1",)]
    assert "TABLE_NOT_FOUND" in athena.fails(f"SELECT id FROM {table}")
    assert athena(f"SHOW TABLES '{table}*'").rows == [(f"{table}_new",)]
    path = athena(f'SELECT "$path" FROM {table}_new').value or ""
    athena(f"DROP TABLE {table}_new")
    assert athena(f"SHOW TABLES '{table}*'").rows == []
    left = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=path.removeprefix(f"s3://{BUCKET}/"))
    assert left["KeyCount"] == 0
    athena(f"DROP TABLE IF EXISTS {table}_new")
    assert table in athena.fails(f"DROP TABLE {table}_new")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE {t} (id int) TBLPROPERTIES ('table_type'='ICEBERG')", "table {t} has no LOCATION"),
        (
            "CREATE TABLE {t} (id varchar(5)) LOCATION '{l}' TBLPROPERTIES ('table_type'='ICEBERG')",
            "the type varchar(5) in",
        ),
        ("CREATE TABLE {t} (id smallint) LOCATION '{l}' TBLPROPERTIES ('table_type'='ICEBERG')", "Iceberg: smallint"),
        (
            "CREATE TABLE {t} (id int) PARTITIONED BY (nope) LOCATION '{l}' TBLPROPERTIES ('table_type'='ICEBERG')",
            "INVALID_TABLE_PROPERTY: Unable to parse partitioning value: Cannot find source column: nope",
        ),
        (
            "CREATE TABLE {t} (id int, id int) LOCATION '{l}' TBLPROPERTIES ('table_type'='ICEBERG')",
            "multiple fields for name id",
        ),
        ("CREATE TABLE {t} {w}) AS SELECT 1", "MISSING_COLUMN_NAME"),
        (
            "CREATE TABLE {t} {w}) AS SELECT TIMESTAMP '2024-01-01 00:00:00.000' AS a",
            "Timestamp precision (3) not supported for Iceberg",
        ),
        (
            "CREATE TABLE {t} {w}, partitioning=ARRAY['hour(a)']) AS SELECT DATE '2024-01-01' AS a",
            "INVALID_TABLE_PROPERTY: Unable to parse partitioning value: hour(a) of a column of type date",
        ),
        ("CREATE TABLE {t} {w}, x='1') AS SELECT 1 a", "table property 'x' does not exist"),
        ("CREATE TABLE {t} WITH (format='ORC', external_location='{l}') AS SELECT 1 a", "the format ORC"),
        ("ALTER TABLE {t} ADD COLUMNS (a int)", "Table not found shop.{t}"),
        ("ALTER TABLE {t} RENAME TO other", "Table not found shop.{t}"),
        ("OPTIMIZE {t} REWRITE DATA USING BIN_PACK", "TABLE_NOT_FOUND"),
        ("VACUUM {t}", "TABLE_NOT_FOUND"),
        ("MSCK REPAIR TABLE {t}", "TABLE_NOT_FOUND"),
        ("DESCRIBE {t}", "Table not found shop.{t}"),
        ("SHOW CREATE TABLE {t}", "Table not found shop.{t}"),
        ("SHOW PARTITIONS {t}", "Table not found shop.{t}"),
        ("SHOW TABLES IN nope", "SCHEMA_NOT_FOUND: line 1:1: Schema 'nope' does not exist"),
        ("DROP VIEW {t}", "View 'awsdatacatalog.shop.{t}' does not exist"),
        ("DROP SCHEMA nope", "Database does not exist: nope"),
        ("CREATE SCHEMA shop", "Database shop already exists"),
    ],
)
def test_an_impossible_statement_fails_by_name(athena: Athena, table: str, sql: str, reason: str) -> None:
    iceberg_with = "WITH (table_type='ICEBERG', is_external=false, location='{l}'"
    message = athena.fails(sql.replace("{w}", iceberg_with).replace("{t}", table).replace("{l}", location(table)))
    assert reason.replace("{t}", table) in message
    assert athena(f"SHOW TABLES '{table}*'").rows == []
    files = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{DATABASE}/{table}/")
    assert files["KeyCount"] == 0


def test_ctas_if_the_table_is_there(athena: Athena, table: str) -> None:
    create = iceberg(table, "SELECT 1 AS id")
    athena(create)
    assert f"{DATABASE}.{table}" in athena.fails(create)
    athena(create.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").replace("SELECT 1", "SELECT 2"))
    assert athena(f"SELECT id FROM {table}").value == "1"


def test_ctas_with_no_data(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 1 AS id, 'x' AS name WITH NO DATA"))
    assert athena(f"SELECT count(*) FROM {table}").value == "0"


def test_ctas_counts_its_rows_and_keeps_types(athena: Athena, table: str) -> None:
    query = """SELECT true AS a, CAST(1 AS integer) AS b, 2 AS c, CAST(3 AS bigint) AS d, REAL '1.5' AS e, 2.5E0 AS f,
                      DECIMAL '1.25' AS g, 'x' AS h, X'0102' AS i, DATE '2024-01-01' AS j,
                      TIMESTAMP '2024-01-01 10:00:00.000001' AS k, TIMESTAMP '2024-01-01 10:00:00.000001 UTC' AS l,
                      MAP(ARRAY['k'], ARRAY[ARRAY[1]]) AS m, CAST(ROW(1, 'y') AS ROW(n integer, s varchar)) AS o"""
    answer = athena(iceberg(table, query))
    assert answer.update_count == 1
    assert athena(f"SELECT * FROM {table}").rows == [
        (
            *("true", "1", "2", "3", "1.5", "2.5", "1.25", "x", "01 02", "2024-01-01", "2024-01-01 10:00:00.000001"),
            *("2024-01-01 10:00:00.000001 UTC", "{k=[1]}", "{n=1, s=y}"),
        )
    ]
    schema = {f.name: str(f.field_type) for f in glue_catalog.load().load_table((DATABASE, table)).schema().fields}
    assert [schema[c] for c in "abcdefghijkl"] == [
        *("boolean", "int", "int", "long", "float", "double", "decimal(3, 2)", "string", "binary", "date"),
        *("timestamp", "timestamptz"),
    ]


def test_more_than_a_hundred_partitions_at_once_are_refused(athena: Athena, table: str) -> None:
    query = "SELECT n FROM unnest(sequence(1, 101)) AS t (n)"
    reason = athena.fails(iceberg(table, query, partitioning="ARRAY['n']"))
    assert reason.startswith("ICEBERG_TOO_MANY_OPEN_PARTITIONS: ")


def test_databases(athena: Athena) -> None:
    athena("CREATE DATABASE IF NOT EXISTS other COMMENT 'more' LOCATION 's3://athena-lake/other/'")
    athena("CREATE DATABASE IF NOT EXISTS other")
    assert ("other",) in athena("SHOW DATABASES LIKE 'oth*'").rows
    athena("ALTER DATABASE other SET DBPROPERTIES ('owner' = 'me')")
    athena(
        "CREATE TABLE other.t WITH (table_type='ICEBERG', is_external=false, location='s3://athena-lake/other/t/') "
        "AS SELECT 1 a"
    )
    assert athena("SELECT a FROM other.t").value == "1"
    assert athena("SELECT a FROM awsdatacatalog.other.t").value == "1"
    assert "other" in athena.fails("DROP DATABASE other")
    athena("DROP DATABASE other CASCADE")
    assert athena("SHOW SCHEMAS LIKE 'oth*'").rows == []
    athena("DROP DATABASE IF EXISTS other")


def test_optimize_and_vacuum(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 0 AS id, 'a' AS part", partitioning="ARRAY['part']"))
    athena(f"ALTER TABLE {table} SET TBLPROPERTIES ('optimize_rewrite_data_file_threshold'='2')")
    for i in range(1, 6):
        athena(f"INSERT INTO {table} VALUES ({i}, '{'ab'[i % 2]}')")
    count = f'SELECT count(*) FROM "{table}$files"'
    assert athena(count).value == "6"
    athena(f"OPTIMIZE {table} REWRITE DATA USING BIN_PACK WHERE part = 'a'")
    assert athena(count).value == "4"
    athena(f"OPTIMIZE {table} REWRITE DATA USING BIN_PACK")
    assert athena(count).value == "2"
    assert athena(f"SELECT sum(id), count(*) FROM {table}").rows == [("15", "6")]
    prefix = f"{DATABASE}/{table}/data/"
    athena(f"ALTER TABLE {table} SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='0')")
    before = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)["KeyCount"]
    athena(f"VACUUM {table}")
    assert athena(f'SELECT count(*) FROM "{table}$snapshots"').value == "1"
    after = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)["KeyCount"]
    assert (before, after) == (8, 2)
    assert athena(f"SELECT sum(id), count(*) FROM {table}").rows == [("15", "6")]


def test_time_travel_and_metadata_tables(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 1 AS id"))
    athena(f"INSERT INTO {table} VALUES (2)")
    athena(f"ALTER TABLE {table} ADD COLUMNS (name string)")
    athena(f"DELETE FROM {table} WHERE id = 1")
    snapshots = athena(
        f'SELECT snapshot_id, committed_at, operation FROM "{table}$snapshots" ORDER BY committed_at'
    ).rows
    assert [row[2] for row in snapshots] == ["append", "append", "overwrite"]
    first, second, last = (row[0] for row in snapshots)
    assert athena(f"SELECT * FROM {table} FOR VERSION AS OF {first}").rows == [("1",)]
    assert athena(f"SELECT count(*) FROM {table} FOR VERSION AS OF {second} AS t").value == "2"
    moment = f"TIMESTAMP '{snapshots[1][1]}'"
    assert athena(f"SELECT count(*) FROM {table} FOR TIMESTAMP AS OF {moment}").value == "2"
    assert athena(f"SELECT count(*) FROM {table} FOR TIMESTAMP AS OF (current_timestamp)").value == "1"
    assert "INVALID_ARGUMENTS" in athena.fails(
        f"SELECT 1 FROM {table} FOR TIMESTAMP AS OF TIMESTAMP '2001-01-01 00:00:00 UTC'"
    )
    assert "1" in athena.fails(f"SELECT 1 FROM {table} FOR VERSION AS OF 1")
    assert athena(
        f'SELECT snapshot_id FROM "{table}$history" WHERE is_current_ancestor ORDER BY made_current_at'
    ).rows == [
        (first,),
        (second,),
        (last,),
    ]
    assert athena(f'SELECT name, snapshot_id FROM "{table}$refs"').rows == [("main", last)]
    assert athena(f'SELECT sum(record_count) FROM "{table}$files"').value == "1"
    assert athena(f'SELECT record_count, file_count FROM "{table}$partitions"').rows == [("1", "1")]
    assert int(athena(f'SELECT count(*) FROM "{table}$manifests"').value or 0) > 0
    assert f"{table}$nope" in athena.fails(f'SELECT * FROM "{table}$nope"')


def test_information_schema(athena: Athena, table: str) -> None:
    athena(iceberg(table, "SELECT 1 AS id, CAST(NULL AS timestamp(6)) AS at"))
    athena(f"CREATE VIEW {table}_view AS SELECT id FROM {table}")
    where = f"WHERE table_schema = '{DATABASE}' AND table_name LIKE '{table}%'"
    assert athena(f"SELECT table_name, table_type FROM information_schema.tables {where} ORDER BY 1").rows == [
        (table, "BASE TABLE"),
        (f"{table}_view", "VIEW"),
    ]
    assert athena(
        "SELECT table_name, column_name, ordinal_position, data_type FROM information_schema.columns "
        f"{where} ORDER BY 1, 3"
    ).rows == [
        (table, "id", "1", "integer"),
        (table, "at", "2", "timestamp(6)"),
        (f"{table}_view", "id", "1", "integer"),
    ]
    assert (DATABASE,) in athena("SELECT schema_name FROM information_schema.schemata").rows
    assert athena(f"SELECT view_definition IS NOT NULL FROM information_schema.views {where}").rows == [("true",)]
    assert "nope" in athena.fails("SELECT * FROM information_schema.nope")
