"""What tests of the moves share."""

import boto3
import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.engine import catalog
from lakehouse.names import Names, Zone
from tests.support.moves.lake import PROJECT, Lake


@pytest.fixture(scope="session")
def lake(aws: Server) -> Lake:
    """Raw and integration of a deployment of their own."""
    names = Names(environment="dev", account=aws.account, region=aws.region, project=PROJECT)
    s3, opened = boto3.client("s3"), catalog.load()
    for zone in (Zone.RAW, Zone.INTEGRATION):
        s3.create_bucket(Bucket=names.bucket(zone), CreateBucketConfiguration={"LocationConstraint": aws.region})
        opened.create_namespace(names.database(zone))
    return Lake(opened, names)
