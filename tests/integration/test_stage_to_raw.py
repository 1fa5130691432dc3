"""The move from stage to raw on the engine and the emulator: a batch is in raw once, after any failure."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from emulator.runtime.server_lifecycle import Server
from lakehouse.batches.manifests import Batch
from lakehouse.batches.planning import plan_batch
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.errors import LakehouseError
from lakehouse.moves.stage_to_raw import Counts, stage_to_raw
from lakehouse.names import Names, Zone
from lakehouse.readers.fetch import fetch
from lakehouse.readers.reader import read
from lakehouse.tables import migrations
from lakehouse.tables.definition import raw
from tests.support.fault_proxy import Answer, Forward, Request, wire
from tests.support.moves import stage_to_raw_job
from tests.support.moves.frames import rows_of as rows_of_table
from tests.support.moves.stage_to_raw_job import PROJECT, SHOP

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def names(aws: Server) -> Names:
    return Names(environment="dev", account=aws.account, region=aws.region, project=PROJECT)


@pytest.fixture(scope="module")
def s3(names: Names) -> "S3Client":
    client = boto3.client("s3")
    for zone in (Zone.STAGE, Zone.RAW):
        client.create_bucket(
            Bucket=names.bucket(zone), CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
    client.put_bucket_versioning(Bucket=names.bucket(Zone.STAGE), VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture(scope="module")
def iceberg(names: Names, s3: "S3Client") -> Catalog:
    opened = catalog.load()
    opened.create_namespace(names.database(Zone.RAW))
    return opened


@pytest.fixture
def shop(iceberg: Catalog, names: Names) -> Iterator[Contract]:
    definition = raw(SHOP, names=names)
    migrations.create(iceberg, definition)
    yield SHOP
    iceberg.drop_table(definition.name)


def arrive(s3: "S3Client", names: Names, files: dict[str, bytes]) -> Batch:
    for name, body in files.items():
        s3.put_object(Bucket=names.bucket(Zone.STAGE), Key=f"{SHOP.stage_prefix}{name}", Body=body)
    planned = plan_batch(s3, names=names, contract=SHOP)
    assert planned is not None
    return planned


def move(planned: Batch, *, names: Names) -> Counts:
    return stage_to_raw(spark(), SHOP, planned, names=names, catalog=catalog.load())


def lines(first: int, count: int) -> bytes:
    good = "".join(
        f'{i},{i}.50,2026-01-02 03:04:{i % 60:02},02.01.2026,"[{i}, null]","{{""zip"": {i}}}","n\n{i}"\n'
        for i in range(first, first + count)
    )
    return f"id,price,at,day,tags,address,note\n{good}x,1.005,,31.02.2026,,,bad\n{first},short\n".encode()


def rows_in_table(names: Names) -> list[dict[str, Any]]:
    table = catalog.load().load_table((names.database(Zone.RAW), SHOP.dataset))
    return _sorted(rows_of_table(table).drop_columns(["_ingested_at"]))


def rows_of(s3: "S3Client", *planned: Batch) -> list[dict[str, Any]]:
    """What must be in the table: what the reader makes of the batches, read here and now."""
    tables = [
        pa.Table.from_batches([batch]).append_column("_batch_id", pa.array([one.batch_id] * len(batch)))
        for one in planned
        for batch in read(SHOP, one.objects, fetch=lambda item: fetch(s3, item))
    ]
    return _sorted(pa.concat_tables(tables))


def _sorted(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: (row["_batch_id"], row["_source_file"], row["_source_row"]))


def test_a_batch_is_written_once_however_often_it_runs(
    s3: "S3Client", names: Names, iceberg: Catalog, shop: Contract
) -> None:
    first = arrive(s3, names, {f"{i:03}.csv": lines(i * 10, 10) for i in range(20)})
    second = arrive(s3, names, {"late.csv": lines(1000, 5), "broken.csv": b"PK\x03\x04", "empty.csv": b""})
    counts = move(first, names=names)
    assert counts == Counts(received=240, accepted=200, rejected=40, objects=20, bytes=first.size)
    counts = move(second, names=names)
    assert counts == Counts(received=8, accepted=5, rejected=3, objects=3, bytes=second.size)
    expected = rows_of(s3, first, second)
    assert len(expected) == 248
    assert rows_in_table(names) == expected
    for again in (first, second):
        move(again, names=names)
        assert rows_in_table(names) == expected
    files = iceberg.load_table((names.database(Zone.RAW), SHOP.dataset)).inspect.files()
    assert len(files) <= 4, "20 small objects must not become 20 small files"


def test_a_batch_of_nothing_is_written(s3: "S3Client", names: Names, shop: Contract) -> None:
    planned = arrive(s3, names, {"header.csv": b"id,price\n"})
    counts = move(planned, names=names)
    assert counts == Counts(received=0, accepted=0, rejected=0, objects=1, bytes=planned.size)
    assert rows_in_table(names) == []


def test_an_object_that_is_gone_fails_the_move_by_name(s3: "S3Client", names: Names, shop: Contract) -> None:
    planned = arrive(s3, names, {"kept.csv": lines(1, 1), "gone.csv": lines(2, 1)})
    for item in planned.objects:
        if item.key.endswith("gone.csv"):
            s3.delete_object(Bucket=item.bucket, Key=item.key, VersionId=item.version_id or "")
    gone = rf"^{planned.batch_id}: s3://.*/sales/orders/gone\.csv: gone since its batch was planned.*restore it"
    with pytest.raises(LakehouseError, match=gone):
        move(planned, names=names)
    assert rows_in_table(names) == []


@pytest.mark.timeout(600)  # an engine of its own, which Spark starts slowly
def test_a_job_killed_in_the_middle_leaves_no_trace_in_the_table(
    aws: Server, s3: "S3Client", names: Names, shop: Contract
) -> None:
    first = arrive(s3, names, {"a.csv": lines(1, 1000)})
    move(first, names=names)
    second = arrive(s3, names, {"b.csv": lines(2000, 10_000), "c.csv": lines(3000, 10)})
    written, dead = Event(), Event()

    def stop_after_writing(request: Request, forward: Forward) -> Answer | None:
        answer = forward()
        if request.is_effect and request.about.endswith(".parquet"):
            written.set()
            dead.wait()
        return None if dead.is_set() else answer

    with wire(aws.endpoint, stop_after_writing) as endpoint:
        job = subprocess.Popen(
            [sys.executable, "-m", stage_to_raw_job.__name__, names.account, names.region, second.batch_id],
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), "AWS_ENDPOINT_URL": endpoint},
            start_new_session=True,
        )
        try:
            while not written.wait(0.1):
                assert job.poll() is None, "the job ended before it had written anything"
        finally:
            os.killpg(job.pid, signal.SIGKILL)  # of Spark there are processes more
            dead.set()
            assert job.wait() == -signal.SIGKILL
    assert rows_in_table(names) == rows_of(s3, first)
    move(second, names=names)
    assert rows_in_table(names) == rows_of(s3, first, second)
