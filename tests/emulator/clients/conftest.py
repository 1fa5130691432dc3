"""A database on the emulator's Athena for clients that people use.

The clients are in environments of their own, except awswrangler: `make test-clients`. There the server is started by
the Python that LOCAL_PYTHON names.
"""

import os
from collections.abc import Iterator
from functools import partial

import boto3
import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.client_lake import Lake, run


@pytest.fixture(scope="session")
def lake(aws: server_lifecycle.Server) -> Lake:
    bucket = "athena-clients"
    boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    boto3.client("glue").create_database(DatabaseInput={"Name": "clients", "LocationUri": f"s3://{bucket}/clients"})
    made = Lake("clients", f"s3://{bucket}/results/", f"s3://{bucket}/clients")
    run(
        made,
        f"""CREATE TABLE orders WITH (table_type = 'ICEBERG', is_external = false, location = '{made.files}/orders') AS
        SELECT n AS id, 'customer ' || cast(n % 3 AS varchar) AS customer, cast(n AS decimal(10, 2)) / 4 AS amount,
               date '2026-01-01' + n * interval '1' day AS day
        FROM unnest(sequence(1, 10)) AS t (n)""",
    )
    return made


@pytest.fixture(scope="module")
def arrow_endpoint(lake: Lake) -> Iterator[None]:
    """Let PyAthena's Arrow read results from the emulator; Arrow does not take AWS_ENDPOINT_URL."""
    fs = pytest.importorskip("pyarrow.fs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fs, "S3FileSystem", partial(fs.S3FileSystem, endpoint_override=os.environ["AWS_ENDPOINT_URL"]))
        yield
