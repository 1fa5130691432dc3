"""The place in the emulator where clients of Athena work, and a statement as setup of their tests."""

import time
from dataclasses import dataclass

import boto3


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
