"""Fixtures of the unit tests: Glue and S3 in this process."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
import requests
from hypothesis import settings
from moto import mock_aws
from pyiceberg.catalog import Catalog

from lakehouse.engine import catalog
from lakehouse.names import Names, Zone
from tests.support import moto_glue

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A test that runs beside others, or first, is slow without being wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def glue_variables() -> Iterator[dict[str, str]]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
    with moto_glue.server() as variables:
        yield variables


@pytest.fixture
def names() -> Names:
    return Names(environment="dev", account=moto_glue.ACCOUNT, region=moto_glue.REGION)


@pytest.fixture
def s3(names: Names) -> "Iterator[S3Client]":
    """Buckets of stage, which keeps versions, and of raw."""
    with mock_aws():
        client = boto3.client("s3", region_name=names.region)
        for zone in (Zone.STAGE, Zone.RAW):
            client.create_bucket(
                Bucket=names.bucket(zone),
                CreateBucketConfiguration={"LocationConstraint": names.region},  # type: ignore[typeddict-item]
            )
        client.put_bucket_versioning(Bucket=names.bucket(Zone.STAGE), VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def lake(glue_variables: dict[str, str], names: Names, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """An empty lakehouse: its databases and buckets, no table."""
    for name, value in glue_variables.items():
        monkeypatch.setenv(name, value)
    requests.post(f"{glue_variables['AWS_ENDPOINT_URL']}/moto-api/reset", timeout=10)
    s3 = boto3.client("s3")
    for bucket in (names.bucket(Zone.RAW), names.bucket(Zone.INTEGRATION), names.scripts_bucket):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": names.region})
    opened = catalog.load()
    for database in (names.database(Zone.RAW), names.database(Zone.INTEGRATION), names.ops_database):
        opened.create_namespace(database)
    return opened
