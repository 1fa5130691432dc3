"""The Iceberg catalog: AWS Glue, in an account or at the endpoint that the environment names."""

import os

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog

from lakehouse.errors import LakehouseError

NAME = "glue_catalog"


def load() -> Catalog:
    """Open the Glue catalog with AWS's default credential chain.

    PyIceberg reaches Glue through boto3, which knows AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_GLUE, and S3 through
    Arrow, which must be told.

    Raises:
        LakehouseError: no region is set.
    """
    region = boto3.Session().region_name
    if region is None:
        raise LakehouseError("no AWS region: set AWS_REGION, or `region` in your AWS profile")
    properties = {"client.region": region}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        properties["s3.endpoint"] = endpoint
    return GlueCatalog(NAME, None, **properties)
