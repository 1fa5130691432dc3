"""What engines do differently without a word; docs/engines.md says what the jobs do instead.

Runs on each engine, and tells when an upgrade changes one of them.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import boto3
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from emulator.runtime.server_lifecycle import Server
from lakehouse.engine import catalog
from lakehouse.engine.session import engine, engine_errors, spark

ERROR = "an error"
SAIL, SPARK_3 = "sail", "3.5"
numbers = count()


def version() -> str:
    return SAIL if engine() == "sail" else spark().version[:3]


def given(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except engine_errors():
        return ERROR


@pytest.fixture(scope="module")
def iceberg(aws: Server) -> Catalog:
    boto3.client("s3").create_bucket(Bucket="traps", CreateBucketConfiguration={"LocationConstraint": aws.region})
    opened = catalog.load()
    opened.create_namespace("traps")
    return opened


@pytest.fixture
def table(iceberg: Catalog) -> str:
    """A new table of two rows, in a partition each, whose partition column is not its last."""
    name = f"traps.t{next(numbers)}"
    fields = [
        NestedField(1, "id", LongType()),
        NestedField(2, "region", StringType()),
        NestedField(3, "v", StringType()),
    ]
    by_region = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "region"))
    iceberg.create_table(name, Schema(*fields), location=f"s3://{name.replace('.', '/')}", partition_spec=by_region)
    spark().sql("SELECT * FROM VALUES (1L, 'eu', 'a'), (2L, 'us', 'b') AS v(id, region, v)").writeTo(name).append()
    return name


def rows(table: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in spark().sql(f"SELECT id, region, v FROM {table}").collect())


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("sql", "on_sail", "on_spark"),
    [
        ("percentile_approx(x, 0.5) FROM VALUES (1), (2), (3), (4) AS v(x)", 2.5, 2),
        ("bround(2.5, 0)", 3.0, Decimal(2)),
        ("initcap('jean-luc')", "Jean-Luc", "Jean-luc"),
        ("extract(dow FROM date'2026-01-04')", 0, 1),
        ("CAST(1 AS decimal(10,2)) / CAST(3 AS decimal(10,2))", Decimal("0.333333"), Decimal("0.3333333333333")),
        ("try_cast('1e3' AS decimal(10,2))", None, Decimal("1000.00")),
        ("try_cast('2026-01-01T00:00:00Z' AS date)", None, date(2026, 1, 1)),
        ("CAST(' 2026-01-01 ' AS date)", ERROR, date(2026, 1, 1)),
        ("CAST(1e10d AS string)", "10000000000.0", "1.0E10"),
        ("'ä' RLIKE '^\\\\w$'", True, False),
        ("9223372036854775807 + x FROM VALUES (1) AS v(x)", -(2**63), ERROR),
        ("date_trunc('MONTH', timestamp'9999-12-31 23:59:59')", ERROR, datetime(9999, 12, 1)),
    ],
)
def test_functions(sql: str, on_sail: Any, on_spark: Any) -> None:
    found = given(lambda: spark().sql(f"SELECT {sql}").collect()[0][0])
    expected = on_sail if version() == SAIL else on_spark
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.usefixtures("aws")
def test_what_fails_is_an_error_everywhere() -> None:
    """Not on Spark 3.5 if it were left as it comes, without ANSI."""
    for sql in ("1 / 0", "CAST('x' AS int)", "CAST(3000000000 AS int)"):
        assert given(lambda sql=sql: spark().sql(f"SELECT {sql}").collect()) == ERROR


def test_dynamic_insert_overwrite_replaces_all_partitions_on_sail(table: str) -> None:
    spark().conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    try:
        spark().sql(f"INSERT OVERWRITE {table} SELECT 9L AS id, 'eu' AS region, 'z' AS v")
    finally:
        spark().conf.set("spark.sql.sources.partitionOverwriteMode", "static")
    others = [] if version() == SAIL else [2]
    assert {row[0] for row in rows(table)} == {9, *others}


def test_a_frames_overwrite_partitions_replaces_its_own_everywhere(table: str) -> None:
    spark().sql("SELECT 'z' AS v, 'eu' AS region, 9L AS id").writeTo(table).overwritePartitions()
    assert rows(table) == [(2, "us", "b"), (9, "eu", "z")]


def test_columns_of_partitions_come_last_on_sail(table: str) -> None:
    """So `SELECT *` and an INSERT by position mean other columns; a frame is written by name everywhere."""
    expected = ["id", "v", "region"] if version() == SAIL else ["id", "region", "v"]
    assert spark().table(table).columns == expected
    spark().table(table).selectExpr("v", "region", "id + 10 AS id").writeTo(table).append()
    assert rows(table) == [(1, "eu", "a"), (2, "us", "b"), (11, "eu", "a"), (12, "us", "b")]


def test_only_sql_reads_a_snapshot_everywhere(table: str, iceberg: Catalog) -> None:
    snapshot = iceberg.load_table(table).metadata.current_snapshot_id
    spark().sql("SELECT 9L AS id, 'eu' AS region, 'z' AS v").writeTo(table).append()

    def by_option(name: str) -> Any:
        return given(lambda: spark().read.option(name, str(snapshot)).table(table).count())

    assert by_option("snapshot-id") == {SAIL: 2, SPARK_3: 2}.get(version(), ERROR)
    assert by_option("versionAsOf") == {SPARK_3: 3}.get(version(), 2)
    assert spark().sql(f"SELECT * FROM {table} VERSION AS OF {snapshot}").count() == 2


def test_a_column_that_a_frame_lacks_is_null_on_spark_4_alone(table: str) -> None:
    written = given(lambda: spark().sql("SELECT 9L AS id, 'eu' AS region").writeTo(table).append())
    assert written == (ERROR if version() in (SAIL, SPARK_3) else None)


def test_a_list_of_texts_meets_a_partition_of_null_on_spark_4_as_an_error(table: str) -> None:
    spark().sql("SELECT 3L AS id, CAST(NULL AS string) AS region, 'c' AS v").writeTo(table).append()

    def ids(condition: str) -> list[int]:
        rows = spark().sql(f"SELECT id FROM {table} WHERE {condition} OR region IS NULL").collect()
        return sorted(row["id"] for row in rows)

    listed = "region IN ('eu', 'us')"
    assert given(lambda: ids(listed)) == (ERROR if version() == "4.1" else [1, 2, 3])
    assert ids("region = 'eu' OR region = 'us'") == [1, 2, 3]
