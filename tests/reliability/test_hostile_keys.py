"""Keys that try to leave their place are names like any other: what they name is read, and stays in its bucket."""

from dataclasses import replace

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.types import INT
from lakehouse.moves.stage_to_raw import stage_to_raw
from lakehouse.names import Zone
from lakehouse.tables import definition
from tests.support.contract_builders import column, contract
from tests.support.moves.jobs import deployment, job_on
from tests.support.moves.planned import plan_batch

KEYS = (
    "a b.csv",
    "%2e%2e/%2fetc%2fpasswd.csv",
    "day=2026-01-01/a=b&c=d.csv",
    "what?.csv",
    "#1.csv",
    "plus+plus.csv",
    "\u00fcber \u65e5\u672c \U0001f389.csv",
    "e\u0301.csv",
    "\u00e9.csv",  # the same to the eye, another key
    "\u202etxt.csv",
    "tab\tand\nline.csv",
    "quote'\"`.csv",
    "$(touch x); rm -rf *.csv",
    "<script>alert(1)</script>.csv",
    "'; DROP TABLE raw.orders; --.csv",
    "back\\slash\\..\\x.csv",
    "...csv",
    "//twice.csv",
    "x" * 200 + ".csv",
)


@pytest.mark.timeout(300)
def test_each_key_is_read_once_and_named_as_it_is(aws: Server) -> None:
    names = deployment(aws, project="keys")
    dataset = replace(contract(column("a", INT), column("b")), dataset="keys")
    job = job_on(dataset, names=names)
    s3, bucket = boto3.client("s3"), names.bucket(Zone.STAGE)
    for number, key in enumerate(KEYS):
        s3.put_object(Bucket=bucket, Key=f"{dataset.stage_prefix}{key}", Body=f"a,b\n{number},{number}\n".encode())
    batch = plan_batch(s3, names=names, contract=dataset)
    assert batch is not None
    assert {item.key.removeprefix(dataset.stage_prefix) for item in batch.objects} == {*KEYS}
    counts = stage_to_raw(job.spark, dataset, batch, names=names, catalog=job.catalog)
    assert (counts.received, counts.accepted, counts.rejected) == (len(KEYS), len(KEYS), 0)
    rows = job.catalog.load_table(definition.raw(dataset, names=names).name).scan().to_arrow().to_pylist()
    assert {row["_source_file"]: row["a"] for row in rows} == {
        f"s3://{bucket}/{dataset.stage_prefix}{key}": number for number, key in enumerate(KEYS)
    }


def test_no_key_of_the_embedded_s3_is_a_path_to_elsewhere(aws: Server) -> None:
    names = deployment(aws, project="outside")
    s3, bucket = boto3.client("s3"), names.bucket(Zone.STAGE)
    for key in ("../../../../outside.csv", "a/../../../outside.csv", "./../outside.csv", "../outside.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    written = list(aws.root.rglob("*outside[.%]*"))
    assert written
    assert all(bucket in path.parts for path in written)
    assert not list(aws.root.parent.glob("*outside*"))
