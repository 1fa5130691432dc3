"""A database on the emulator's Athena for clients that people use.

The clients are in environments of their own, except awswrangler: `make test-clients`. There the server is started by
the Python that LOCAL_PYTHON names.
"""

import time
from dataclasses import dataclass

import boto3
import pytest

from emulator.runtime import server_lifecycle


@dataclass(frozen=True, slots=True)
class Lake:
    """Where clients work.

    Attributes:
        database: a database with the table `orders`.
        results: S3 URI for results.
        files: S3 URI for tables.
    """

    database: str
    results: str
    files: str


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


def run(lake: Lake, sql: str) -> str:
    """Run a statement that succeeds, and return its id."""
    athena = boto3.client("athena")
    query_id = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": lake.database},
        ResultConfiguration={"OutputLocation": lake.results},
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
            assert status["State"] == "SUCCEEDED", status
            return str(query_id)
        time.sleep(0.01)
