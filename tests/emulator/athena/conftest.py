"""A database on the emulator's Athena for the session, and a client."""

from collections.abc import Iterator

import boto3
import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import BUCKET, DATABASE, Athena, make_buckets


@pytest.fixture(scope="session")
def athena(aws: server_lifecycle.Server) -> Athena:
    make_buckets(boto3.client("s3"), region=aws.region)
    boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE, "LocationUri": f"s3://{BUCKET}/shop"})
    return Athena()


@pytest.fixture
def table(athena: Athena, request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield a table name for one test; tables whose names begin with it are dropped afterwards."""
    name = f"t_{abs(hash(request.node.nodeid)) % 10**10}"
    yield name
    glue = boto3.client("glue")
    for created in glue.get_tables(DatabaseName=DATABASE)["TableList"]:
        if created["Name"].startswith(name):
            glue.delete_table(DatabaseName=DATABASE, Name=created["Name"])
