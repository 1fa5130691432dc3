"""Benchmark of stage -> raw: 10 million CSV records, typed, validated, with the bad ones rejected, file and line kept.

python -m benchmarks.stage_to_raw [--rounds N]
"""

import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import duckdb
from pyiceberg.exceptions import NoSuchTableError

from benchmarks import contest, orders
from benchmarks.measure import main_of, table
from emulator.runtime import server_lifecycle
from lakehouse.batches.manifests import Batch, StageObject
from lakehouse.engine import catalog
from lakehouse.moves import stage_to_raw
from lakehouse.names import Names, Zone
from lakehouse.tables import migrations
from lakehouse.tables.definition import raw

ROOT = Path(".local/bench").resolve()
NAMES = Names(environment="dev", account=server_lifecycle.ACCOUNT, region=server_lifecycle.REGION, project="bench")
STAGE = NAMES.bucket(Zone.STAGE)
BASELINE = "plain DuckDB, typed Parquet"

_DUCKDB_COLUMNS = ", ".join(
    # Through the row: DuckDB would push a bare try_cast into its CSV reader, which then fails on a bad value.
    f"try_cast(s.r.{column.name} AS {column.type.spark}) AS {column.name}"
    for column in orders.CONTRACT.columns
)
_DUCKDB_CSV = f"(SELECT x AS r FROM read_csv('{orders.FOLDER}/*.csv', header = true, all_varchar = true) x) s"


def with_duckdb() -> Any:
    """What there is to beat: the same columns typed and written, nothing rejected or explained."""
    out = ROOT / "duckdb.parquet"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    connection.execute(f"COPY (SELECT {_DUCKDB_COLUMNS} FROM {_DUCKDB_CSV}) TO '{out}' (COMPRESSION zstd)")
    return connection.execute(f"SELECT count(*) FROM '{out}'").fetchall()


def with_lakehouse_on_files() -> Any:
    """The move itself, with objects and the table's data in files as they are for DuckDB."""
    stage_to_raw.fetch = lambda _s3, item: open(item.key, "rb")  # type: ignore[attr-defined, assignment]  # noqa: SIM115
    batch = _batch([_object(path, key=str(path), etag="") for path in orders.files()])
    return _move(batch, location=f"file://{ROOT}/lakehouse")


def with_lakehouse() -> Any:
    """The move from the stage bucket to the raw bucket of the embedded AWS."""
    found = boto3.client("s3").list_objects_v2(Bucket=STAGE)["Contents"]
    objects = [
        _object(path, key=item["Key"], etag=item["ETag"].strip('"'))
        for path, item in zip(orders.files(), found, strict=True)
    ]
    return _move(_batch(objects), location=NAMES.table_location(Zone.RAW, domain="bench", table="orders"))


def with_awswrangler() -> Any:
    """pandas in chunks that fit in memory; decimals become floats, and what is bad becomes null."""
    import awswrangler
    import pandas  # type: ignore[import-untyped]

    read = written = 0
    for frame in awswrangler.s3.read_csv(f"s3://{STAGE}/", chunksize=500_000, dtype=str):
        read += len(frame)
        for column in orders.CONTRACT.columns:
            if column.type.kind in ("int", "long"):
                frame[column.name] = pandas.to_numeric(frame[column.name], errors="coerce").astype("Int64")
            elif column.type.kind == "decimal":
                frame[column.name] = pandas.to_numeric(frame[column.name], errors="coerce")
            elif column.type.kind == "timestamptz":
                frame[column.name] = pandas.to_datetime(frame[column.name], errors="coerce", format="%Y-%m-%d %H:%M:%S")
        good = frame.order_id.notna() & frame.quantity.notna() & ~(frame.unit_price < 0)
        for part, folder in ((frame[good], "accepted"), (frame[~good], "rejected")):
            awswrangler.s3.to_parquet(
                part, f"s3://{NAMES.bucket(Zone.RAW)}/awswrangler/{folder}/", dataset=True, compression="zstd"
            )
        written += int(good.sum())
    return {"received": read, "accepted": written}


CONTENDERS: dict[str, Callable[[], Any]] = {
    BASELINE: with_duckdb,
    "lakehouse, files to files": with_lakehouse_on_files,
    "lakehouse, embedded S3 to S3": with_lakehouse,
    "awswrangler, embedded S3 to S3": with_awswrangler,
}
SPARK = "local Spark, files to files"
ONCE = ("awswrangler, embedded S3 to S3", SPARK)


def _object(path: Path, *, key: str, etag: str) -> StageObject:
    return StageObject(bucket=STAGE, key=key, etag=etag, version_id=None, size=path.stat().st_size)


def _batch(objects: list[StageObject]) -> Batch:
    now = datetime.now(UTC)
    return Batch(dataset="orders", batch_id="orders-00000001", objects=tuple(objects), arrived_at=now, created_at=now)


def _move(batch: Batch, *, location: str) -> Any:
    from lakehouse.engine.session import spark

    iceberg, definition = catalog.load(), raw(orders.CONTRACT, names=NAMES)
    with suppress(NoSuchTableError):
        iceberg.drop_table(definition.name)
    migrations.create(iceberg, replace(definition, location=location))
    return asdict(stage_to_raw.stage_to_raw(spark(), orders.CONTRACT, batch, names=NAMES, catalog=iceberg))


def _stage() -> None:
    """Buckets, databases and the objects, once."""
    s3 = boto3.client("s3")
    if STAGE not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        for bucket in (STAGE, NAMES.bucket(Zone.RAW)):
            s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": NAMES.region},  # type: ignore[typeddict-item]
            )
        catalog.load().create_namespace(NAMES.database(Zone.RAW))
    staged = {item["Key"] for item in s3.list_objects_v2(Bucket=STAGE).get("Contents", [])}
    for path in orders.files():
        if path.name not in staged:
            s3.upload_file(str(path), STAGE, path.name)


def _right() -> int:
    """How many records are to be accepted, as DuckDB counts them."""
    ((count,),) = duckdb.execute(f"""
        SELECT count(*) FILTER (order_id IS NOT NULL AND quantity IS NOT NULL AND unit_price >= 0)
        FROM (SELECT {_DUCKDB_COLUMNS} FROM {_DUCKDB_CSV})
    """).fetchall()
    return int(count)


def main() -> None:
    rounds = contest.given(CONTENDERS, description="Benchmark of stage -> raw.")
    print(f"{orders.RECORDS:,} orders in {len(orders.files())} CSV files", flush=True)  # noqa: T201
    with contest.embedded_aws(ROOT / "aws") as environment:
        _stage()
        commands = {name: main_of(name) for name in CONTENDERS}
        columns = [f"{column.name}:{column.type.spark}" for column in orders.CONTRACT.columns]
        commands[SPARK] = contest.spark("spark_csv.py", orders.FOLDER, ROOT / "spark", *columns)
        runs = contest.compare(commands, environment=environment, rounds=rounds, once=ONCE)
    print(table(runs, records=orders.RECORDS, baseline=BASELINE))  # noqa: T201
    for leftover in ("lakehouse", "spark"):
        shutil.rmtree(ROOT / leftover, ignore_errors=True)
    good = _right()
    for name in ("lakehouse, files to files", "lakehouse, embedded S3 to S3"):
        for one in runs[name]:
            if (one.answer["received"], one.answer["accepted"]) != (orders.RECORDS, good):
                sys.exit(f"{name} is wrong: of {orders.RECORDS} records {good} are good, not {one.answer}")


if __name__ == "__main__":
    main()
