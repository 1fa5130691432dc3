"""Hive tables: files of text, JSON and Parquet from other writers, partitions, and the files that Athena writes."""

import gzip
import io

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.emulator.athena_client import BUCKET, DATABASE, Athena, location

CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
JSON = "org.openx.data.jsonserde.JsonSerDe"


def put(table: str, name: str, body: bytes | str) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"{DATABASE}/{table}/{name}", Body=body)


def external(table: str, columns: str, more: str) -> str:
    return f"CREATE EXTERNAL TABLE {table} ({columns}) {more.replace('{l}', location(table))}"


def test_delimited_text(athena: Athena, table: str) -> None:
    more = """ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' NULL DEFINED AS '-' LOCATION '{l}'
              TBLPROPERTIES ('skip.header.line.count'='1')"""
    athena(external(table, "id int, name string, day date, at timestamp, ok boolean, price decimal(5,2)", more))
    put(table, "a.csv", "id,name\n1,anna,2024-01-02,2024-01-02 03:04:05.678,true,1.5\nx,-,nope,\n2,,,,false,12345\n")
    put(table, "b.csv.gz", gzip.compress(b'id,name\n3,"quoted",,,,\n'))
    put(table, "_SUCCESS", "not data")
    assert athena(f"SELECT * FROM {table} ORDER BY id").rows == [
        ("1", "anna", "2024-01-02", "2024-01-02 03:04:05.678", "true", "1.50"),
        ("2", "", None, None, "false", None),
        ("3", '"quoted"', None, None, None, None),
        (None, None, None, None, None, None),
    ]


def test_csv_with_quotes(athena: Athena, table: str) -> None:
    more = f"ROW FORMAT SERDE '{CSV}' LOCATION '{{l}}' TBLPROPERTIES ('skip.header.line.count'='1')"
    athena(external(table, "id int, name string", more))
    put(table, "a.csv", 'id,name\n1,"a, ""b"""\n2,\n')
    assert athena(f"SELECT * FROM {table} ORDER BY id").rows == [("1", 'a, "b"'), ("2", "")]
    put(table, "b.csv", "id,name\nx,1\n")
    assert athena.fails(f"SELECT id FROM {table}").startswith("HIVE_BAD_DATA")


def test_json(athena: Athena, table: str) -> None:
    more = f"PARTITIONED BY (dt string) ROW FORMAT SERDE '{JSON}' LOCATION '{{l}}'"
    columns = "id bigint, tags array<string>, place struct<city:string,zip:int>, counts map<string,int>, at timestamp"
    athena(external(table, columns, more))
    put(
        table,
        "dt=2024-01-01/a.json",
        '{"ID": 1, "tags": ["a", null], "place": {"city": "Lyon", "zip": 1}, "counts": {"x": 2},'
        ' "at": "2024-01-01 00:00:00"}\n{"id": 2}\n',
    )
    put(table, "dt=2024-01-02/a.json", '{"id": 3, "unknown": true}')
    assert athena(f"SELECT * FROM {table}").rows == []
    athena(f"MSCK REPAIR TABLE {table}")
    assert athena(f"SHOW PARTITIONS {table}").rows == [("dt=2024-01-01",), ("dt=2024-01-02",)]
    assert athena(f"SELECT id, tags, place.city, counts, at, dt FROM {table} ORDER BY id").rows == [
        ("1", "[a, null]", "Lyon", "{x=2}", "2024-01-01 00:00:00.000", "2024-01-01"),
        ("2", None, None, None, None, "2024-01-01"),
        ("3", None, None, None, None, "2024-01-02"),
    ]
    assert athena(f"SELECT count(*) FROM {table} WHERE dt = '2024-01-02'").value == "1"


def test_parquet_of_others_and_partitions(athena: Athena, table: str) -> None:
    more = "PARTITIONED BY (year int) STORED AS PARQUET LOCATION '{l}'"
    athena(external(table, "name string, id int, added double", more))
    body = io.BytesIO()
    pq.write_table(pa.table({"ID": pa.array([1, 2], pa.int32()), "name": ["a", None]}), body)
    put(table, "somewhere/a.parquet", body.getvalue())
    athena(f"ALTER TABLE {table} ADD IF NOT EXISTS PARTITION (year = 2024) LOCATION '{location(table)}somewhere/'")
    assert athena(f"SELECT id, name, added, year FROM {table} ORDER BY id").rows == [
        ("1", "a", None, "2024"),
        ("2", None, None, "2024"),
    ]
    assert athena(f'SELECT * FROM "{table}$partitions"').rows == [("2024",)]
    athena(f"INSERT INTO {table} VALUES ('c', 3, 1.5, 2025)")
    assert athena(f"SELECT count(*), max(year) FROM {table}").rows == [("3", "2025")]
    athena(f"ALTER TABLE {table} DROP PARTITION (year = 2024)")
    assert athena(f"SELECT id FROM {table}").rows == [("3",)]
    put(table, "year=2025/bad.parquet", "not Parquet")
    assert athena.fails(f"SELECT id FROM {table}").startswith("HIVE_BAD_DATA")


@pytest.mark.parametrize("kind", ["PARQUET", "TEXTFILE", "JSON"])
def test_ctas_writes_what_it_reads(athena: Athena, table: str, kind: str) -> None:
    compression = ", write_compression = 'GZIP'" if kind == "PARQUET" else ""
    query = """SELECT * FROM (VALUES (1, 'a, "b"', TIMESTAMP '2024-01-01 10:00:00.123', DECIMAL '1.50', true, 'x'),
                                     (2, NULL, NULL, NULL, NULL, 'y')) AS t (id, name, at, price, ok, part)"""
    athena(
        f"CREATE TABLE {table} WITH (format = '{kind}', external_location = '{location(table)}'{compression}, "
        f"partitioned_by = ARRAY['part']) AS {query}"
    )
    assert athena(f"SELECT * FROM {table} ORDER BY id").rows == [
        ("1", 'a, "b"', "2024-01-01 10:00:00.123", "1.50", "true", "x"),
        ("2", None, None, None, None, "y"),
    ]
    assert athena(f"SHOW PARTITIONS {table}").rows == [("part=x",), ("part=y",)]
    reason = athena.fails(
        f"CREATE TABLE {table}_2 WITH (format = '{kind}', external_location = '{location(table)}') AS SELECT 1 a"
    )
    assert reason.startswith("HIVE_PATH_ALREADY_EXISTS")


def test_ctas_without_a_location_writes_next_to_the_results(athena: Athena, table: str) -> None:
    answer = athena(f"CREATE TABLE {table} AS SELECT 1 AS id")
    folder = answer.execution["ResultConfiguration"]["OutputLocation"]
    found = boto3.client("glue").get_table(DatabaseName=DATABASE, Name=table)["Table"]
    assert found["StorageDescriptor"]["Location"].rstrip("/") == folder.rstrip("/")
    assert athena(f"SELECT id FROM {table}").value == "1"


def test_insert_does_not_truncate_a_text(athena: Athena, table: str) -> None:
    athena(external(table, "id int, code varchar(3)", "STORED AS PARQUET LOCATION '{l}'"))
    athena(f"INSERT INTO {table} VALUES (1, 'abc'), (2, 'de   '), (3, NULL)")
    assert athena(f"SELECT id, code FROM {table} ORDER BY id").rows == [("1", "abc"), ("2", "de "), ("3", None)]
    assert athena.fails(f"INSERT INTO {table} VALUES (4, 'abcd')") == (
        "INVALID_CAST_ARGUMENT: Cannot truncate non-space characters when casting from varchar to varchar(3) on INSERT"
    )
    assert athena(f"SELECT count(*) FROM {table}").value == "3"


def test_a_char_is_padded_in_queries_and_not_in_files(athena: Athena, table: str) -> None:
    more = "PARTITIONED BY (part char(4)) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION '{l}'"
    athena(external(table, "code char(3), id int", more))
    put(table, "part=x/a.csv", "a,1\nabc,2\n")
    athena(f"MSCK REPAIR TABLE {table}")
    athena(f"INSERT INTO {table} VALUES ('b', 3, 'y')")
    assert athena(f"SELECT code, id, part FROM {table} ORDER BY id").rows == [
        ("a  ", "1", "x   "),
        ("abc", "2", "x   "),
        ("b  ", "3", "y   "),
    ]
    assert athena(f"SELECT id FROM {table} WHERE code = 'b' AND part = 'y'").value == "3"
    keys = [
        entry["Key"]
        for entry in boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{DATABASE}/{table}/")["Contents"]
    ]
    assert len([key for key in keys if "/part=y/" in key]) == 1


def test_rows_of_hive_tables_cannot_be_changed(athena: Athena, table: str) -> None:
    athena(f"CREATE TABLE {table} AS SELECT 1 AS id")
    for sql in (f"DELETE FROM {table} WHERE id = 1", f"UPDATE {table} SET id = 2"):
        assert athena.fails(sql).startswith("NOT_SUPPORTED: Modifying Hive table rows")


def test_an_unsupported_feature_fails_by_name(athena: Athena, table: str) -> None:
    assert "ORC" in athena.fails(external(table, "id int", "STORED AS ORC LOCATION '{l}'"))
    more = "PARTITIONED BY (d string) LOCATION '{l}' TBLPROPERTIES ('projection.enabled'='true')"
    athena(external(table, "id int", more))
    assert "projection" in athena.fails(f"SELECT * FROM {table}")


def test_unload(athena: Athena, table: str) -> None:
    query = "SELECT * FROM (VALUES (1, 'a', 'x'), (2, NULL, 'y')) AS t (id, name, part)"
    target = f"s3://{BUCKET}/unload/{table}/"
    answer = athena(f"UNLOAD ({query}) TO '{target}' WITH (format = 'PARQUET', partitioned_by = ARRAY['part'])")
    assert answer.update_count == 2
    manifest = answer.execution["Statistics"]["DataManifestLocation"].removeprefix("s3://").split("/", 1)
    listed = boto3.client("s3").get_object(Bucket=manifest[0], Key=manifest[1])["Body"].read().decode().split()
    assert sorted(path.removeprefix(target).split("/")[0] for path in listed) == ["part=x", "part=y"]
    assert athena.fails(f"UNLOAD ({query}) TO '{target}' WITH (format = 'JSON')").startswith("HIVE_PATH_ALREADY_EXISTS")
    athena(f"UNLOAD ({query}) TO '{target}json/' WITH (format = 'JSON', compression = 'none')")
    (found,) = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"unload/{table}/json/")["Contents"]
    body = boto3.client("s3").get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
    assert body == b'{"id":1,"name":"a","part":"x"}\n{"id":2,"name":null,"part":"y"}\n'
    assert "ORC" in athena.fails(f"UNLOAD ({query}) TO '{target}orc/' WITH (format = 'ORC')")
