"""Benchmark of raw -> integration: a million changes, all over the keys, to an Iceberg table of 10 million rows.

python -m benchmarks.raw_to_integration [--rounds N]
"""

import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from benchmarks import changes, contest
from benchmarks.measure import main_of, run, table
from emulator.runtime import server_lifecycle
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.moves.raw_to_integration import raw_to_integration
from lakehouse.names import Names, Zone
from lakehouse.tables import migrations
from lakehouse.tables.definition import Definition, integration, raw

ROOT = Path(".local/bench").resolve()
BASELINE = "DuckDB, Parquet rewritten"
ON_FILES, ON_S3 = "benchfiles", "bench"
OURS = {"lakehouse, files": ON_FILES, "lakehouse, embedded S3": ON_S3}
"""Contenders of ours, and the projects whose tables they change."""
PREPARE = "prepare"
WRANGLER, SPARK = "awswrangler and pandas, embedded S3", "local Spark, files"


def with_duckdb() -> Any:
    """What there is to beat: the rows that no change touches and the last version of each key, in a new file."""
    out = ROOT / "duckdb.parquet"
    columns = ", ".join(_names())
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"""
            COPY (
                WITH latest AS ({changes.latest(changes.batch())})
                SELECT {columns} FROM '{changes.table()}' ANTI JOIN latest USING (order_id)
                UNION ALL SELECT {columns} FROM latest
            ) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
        """)
        return changes.summary(connection, f"'{out}'")


def with_lakehouse(project: str) -> Any:
    """The move itself, as a job runs it, on the table as it was before the batch."""
    names, iceberg = _names_of(project), catalog.load()
    target = iceberg.load_table(integration(changes.CONTRACT, names=names).name)
    with target.manage_snapshots() as snapshots:
        snapshots.rollback_to_snapshot(target.history()[0].snapshot_id)
    return asdict(
        raw_to_integration(spark(), changes.CONTRACT, [changes.BATCH], names=names, catalog=iceberg)[changes.BATCH]
    )


def with_awswrangler() -> Any:
    """pandas in memory, on Arrow's types."""
    import awswrangler
    import pandas  # type: ignore[import-untyped]

    bucket = _names_of(ON_S3).bucket(Zone.RAW)
    frames = [
        awswrangler.s3.read_parquet(f"s3://{bucket}/{name}", dtype_backend="pyarrow")
        for name in ("table.parquet", "batch.parquet")
    ]
    frames[1]["_is_deleted"] = frames[1].pop("_op") == "D"
    latest = frames[1].sort_values("_change_seq").drop_duplicates("order_id", keep="last")
    kept = frames[0][~frames[0].order_id.isin(latest.order_id)]
    awswrangler.s3.to_parquet(
        pandas.concat([kept, latest]), f"s3://{bucket}/awswrangler/", dataset=True, mode="overwrite", compression="zstd"
    )
    return len(kept) + len(latest)


def prepare() -> Any:
    """Tables of both projects: a batch in raw, 10 million rows in integration."""
    iceberg = catalog.load()
    for project in OURS.values():
        names = _names_of(project)
        for zone in (Zone.RAW, Zone.INTEGRATION):
            iceberg.create_namespace_if_not_exists(names.database(zone))
        for definition, path in (
            (raw(changes.CONTRACT, names=names), changes.batch()),
            (integration(changes.CONTRACT, names=names), changes.table()),
        ):
            files = f"file://{ROOT}/tables/{definition.name}"
            _create(iceberg, definition, location=files if project == ON_FILES else definition.location)
            rows = spark().read.parquet(str(path))
            values = {name: f"`{name}`" for name in rows.columns}
            types = spark().table(definition.name).dtypes
            rows.selectExpr(
                *(f"CAST({values.get(name, 'NULL')} AS {type_}) AS `{name}`" for name, type_ in types)
            ).writeTo(definition.name).append()
    return "prepared"


CONTENDERS: dict[str, Callable[[], Any]] = {
    BASELINE: with_duckdb,
    **{name: partial(with_lakehouse, project) for name, project in OURS.items()},
    WRANGLER: with_awswrangler,
    PREPARE: prepare,
}


def _names_of(project: str) -> Names:
    return Names(environment="dev", account=server_lifecycle.ACCOUNT, region=server_lifecycle.REGION, project=project)


def _names() -> list[str]:
    return [field.name for field in integration(changes.CONTRACT, names=_names_of(ON_FILES)).fields]


def _create(iceberg: Catalog, definition: Definition, *, location: str) -> None:
    with suppress(NoSuchTableError):
        iceberg.drop_table(definition.name)
    migrations.create(iceberg, replace(definition, location=location))


def _result(project: str) -> list[Any]:
    definition = integration(changes.CONTRACT, names=_names_of(project))
    rows = catalog.load().load_table(definition.name).scan().to_arrow_batch_reader()
    with duckdb.connect() as connection:
        return changes.summary(connection.register("result", rows), "result")


def main() -> None:
    rounds = contest.given(CONTENDERS, description="Benchmark of raw -> integration.")
    print(f"{changes.CHANGES:,} changes to {changes.ROWS:,} rows", flush=True)  # noqa: T201
    paths = changes.table(), changes.batch()
    with contest.embedded_aws(ROOT / "aws") as environment:
        s3 = boto3.client("s3")
        for project in OURS.values():
            for zone in (Zone.RAW, Zone.INTEGRATION):
                with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
                    s3.create_bucket(
                        Bucket=_names_of(project).bucket(zone),
                        CreateBucketConfiguration={"LocationConstraint": server_lifecycle.REGION},  # type: ignore[typeddict-item]
                    )
        for path in paths:
            s3.upload_file(str(path), _names_of(ON_S3).bucket(Zone.RAW), path.name)
        run(main_of(PREPARE), environment=environment)
        commands = {name: main_of(name) for name in CONTENDERS if name != PREPARE}
        commands[SPARK] = contest.spark("spark_changes.py", *paths, ROOT / "spark")
        runs = contest.compare(commands, environment=environment, rounds=rounds, once=(WRANGLER, SPARK))
        print(table(runs, records=changes.CHANGES, baseline=BASELINE))  # noqa: T201
        for name, project in OURS.items():
            if (found := _result(project)) != (right := runs[BASELINE][0].answer):
                sys.exit(f"{name} is wrong: {found} is not DuckDB's {right}")
    for leftover in ("tables", "spark", "aws"):
        shutil.rmtree(ROOT / leftover, ignore_errors=True)


if __name__ == "__main__":
    main()
