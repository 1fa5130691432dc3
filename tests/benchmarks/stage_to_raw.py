"""Benchmark of stage -> raw: 10 million CSV records, typed, validated, with the bad ones refused, file and line kept.

    python -m tests.benchmarks.stage_to_raw [--rounds N]

Rounds are interleaved, so that whatever else the machine does falls on all contenders alike; processor time says
what a contender costs when the machine is busy.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import duckdb
from pyiceberg.exceptions import NoSuchTableError

from lakehouse import catalog, table_definition
from lakehouse.batches import Batch, StageObject
from lakehouse.moves import stage_to_raw
from lakehouse.names import Names, Zone
from local import embedded
from tests.benchmarks import orders
from tests.benchmarks.measure import Run, main_of, run, table

ROOT = Path(".local/bench").resolve()
NAMES = Names(environment="dev", account=embedded.ACCOUNT, region=embedded.REGION, project="bench")
STAGE = NAMES.bucket(Zone.STAGE)
BASELINE = "plain DuckDB, typed Parquet"

_DUCKDB_COLUMNS = ", ".join(
    # Through the row: DuckDB would push a bare try_cast into its CSV reader, which then fails on a bad value.
    f"try_cast(s.r.{column.name} AS {column.type.duckdb}) AS {column.name}"
    for column in orders.CONTRACT.columns
)
_DUCKDB_CSV = f"(SELECT x AS r FROM read_csv('{orders.FOLDER}/*.csv', header = true, all_varchar = true) x) s"


def with_duckdb() -> Any:
    """What there is to beat: the same columns typed and written, nothing refused or explained."""
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
        for part, folder in ((frame[good], "accepted"), (frame[~good], "refused")):
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
"""They take minutes, and are far enough off that one round will do."""


def _object(path: Path, *, key: str, etag: str) -> StageObject:
    return StageObject(bucket=STAGE, key=key, etag=etag, version_id=None, size=path.stat().st_size)


def _batch(objects: list[StageObject]) -> Batch:
    return Batch(dataset="orders", batch_id="orders-00000001", objects=tuple(objects), created_at=datetime.now(UTC))


def _move(batch: Batch, *, location: str) -> Any:
    from lakehouse.session import spark

    iceberg, definition = catalog.load(), table_definition.raw(orders.CONTRACT, names=NAMES)
    with suppress(NoSuchTableError):
        iceberg.drop_table(definition.name)
    schema = definition.schema
    iceberg.create_table(
        definition.name,
        schema,
        location=location,
        partition_spec=definition.spec(schema),
        properties=definition.properties,
    )
    return asdict(stage_to_raw.stage_to_raw(spark(), orders.CONTRACT, batch, names=NAMES))


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
    parser = argparse.ArgumentParser(description="Benchmark of stage -> raw.")
    parser.add_argument("contender", nargs="?", choices=CONTENDERS, help="run this one only, here; prints its answer")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.contender:
        print(json.dumps(CONTENDERS[given.contender]()))  # noqa: T201
        return
    print(f"{orders.RECORDS:,} orders in {len(orders.files())} CSV files", flush=True)  # noqa: T201
    server = embedded.up(ROOT / "aws")
    environment = embedded.environment(server)
    os.environ.update(environment)
    try:
        _stage()
        _compare(environment, rounds=given.rounds)
    finally:
        embedded.down(ROOT / "aws")
        for leftover in ("duckdb.parquet", "lakehouse", "spark"):
            path = ROOT / leftover
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _compare(environment: dict[str, str], *, rounds: int) -> None:
    commands = {name: main_of(name) for name in CONTENDERS} | _spark()
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in commands.items():
            if number == 0 or name not in ONCE:
                shutil.rmtree(ROOT / "lakehouse", ignore_errors=True)
                found = run(command, environment=environment)
                runs[name].append(found)
                print(f"  round {number + 1}: {name}: {found.wall:.1f} s, {found.answer}", flush=True)  # noqa: T201
    print(table(runs, records=orders.RECORDS, baseline=BASELINE))  # noqa: T201
    good = _right()
    for name in ("lakehouse, files to files", "lakehouse, embedded S3 to S3"):
        for one in runs[name]:
            if (one.answer["received"], one.answer["accepted"]) != (orders.RECORDS, good):
                sys.exit(f"{name} is wrong: of {orders.RECORDS} records {good} are good, not {one.answer}")


def _spark() -> dict[str, list[str]]:
    """Command of the Spark contender, if there is an interpreter that has Apache Spark."""
    python = os.environ.get("SPARK_PYTHON")
    if python is None:
        print(f"{SPARK}: not measured; SPARK_PYTHON names an interpreter that has pyspark")  # noqa: T201
        return {}
    columns = [f"{column.name}:{column.type.spark}" for column in orders.CONTRACT.columns]
    return {SPARK: [python, "tests/benchmarks/spark_csv.py", str(orders.FOLDER), f"{ROOT}/spark", *columns]}


if __name__ == "__main__":
    main()
