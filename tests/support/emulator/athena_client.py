"""A client of the emulator's Athena."""

import os
import time
from dataclasses import dataclass
from typing import Any

import boto3
from pyiceberg.catalog.glue import GlueCatalog

DATABASE = "shop"
BUCKET = "athena-lake"
RESULTS = "athena-results"
Rows = list[tuple[str | None, ...]]


def make_buckets(s3: Any, *, region: str) -> None:
    """Create the buckets of tables and results."""
    for bucket in (BUCKET, RESULTS):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a statement: rows without the header, names and `ColumnInfo` of the columns, and the execution."""

    rows: Rows
    names: list[str]
    columns: list[dict[str, Any]]
    update_count: int
    execution: dict[str, Any]

    @property
    def value(self) -> str | None:
        """The only value of the only row."""
        ((value,),) = self.rows
        return value

    @property
    def scanned(self) -> int:
        return int(self.execution["Statistics"]["DataScannedInBytes"])


class Athena:
    """Athena in the emulator, as a boto3 client sees it."""

    def __init__(self, client: Any = None) -> None:
        self.client = client or boto3.client("athena")

    def start(self, sql: str, *, database: str = DATABASE, **request: Any) -> str:
        request.setdefault("ResultConfiguration", {"OutputLocation": f"s3://{RESULTS}/"})
        context = {"Database": database, "Catalog": "AwsDataCatalog"}
        answer = self.client.start_query_execution(QueryString=sql, QueryExecutionContext=context, **request)
        return str(answer["QueryExecutionId"])

    def wait(self, query_id: str) -> dict[str, Any]:
        while True:
            execution = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return dict(execution)
            time.sleep(0.005)

    def __call__(self, sql: str, **request: Any) -> Answer:
        """Run a statement that succeeds, and return its result."""
        execution = self.wait(self.start(sql, **request))
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
        rows: Rows = []
        columns: list[dict[str, Any]] = []
        count = 0
        for page in pages:
            columns = [dict(c) for c in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
            rows += [tuple(d.get("VarCharValue") for d in row["Data"]) for row in page["ResultSet"]["Rows"]]
            count = page["UpdateCount"]
        header = execution["SubstatementType"] == "SELECT"
        return Answer(rows[1:] if header else rows, [c["Name"] for c in columns], columns, count, execution)

    def fails(self, sql: str, **request: Any) -> str:
        """Run a statement that fails, and return the reason."""
        execution = self.wait(self.start(sql, **request))
        assert execution["Status"]["State"] == "FAILED", execution["Status"]
        return str(execution["Status"]["StateChangeReason"])


def iceberg(name: str, query: str, **properties: str) -> str:
    """Return the CTAS of an Iceberg table."""
    options = {"table_type": "'ICEBERG'", "is_external": "false", "location": f"'{location(name)}'", **properties}
    return f"CREATE TABLE {name} WITH ({', '.join(f'{k} = {v}' for k, v in options.items())}) AS {query}"


def open_catalog() -> GlueCatalog:
    """Open PyIceberg's catalog on the server."""
    properties = {"client.region": os.environ["AWS_REGION"], "s3.endpoint": os.environ["AWS_ENDPOINT_URL"]}
    return GlueCatalog("tests", None, **properties)


def location(name: str) -> str:
    """Return the location of a table."""
    return f"s3://{BUCKET}/{DATABASE}/{name}/"
