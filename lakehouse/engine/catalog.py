"""The Iceberg catalog: AWS Glue, in an account or at the endpoint that the environment names."""

import os

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import AddSnapshotUpdate, TableRequirement, TableUpdate

from lakehouse.engine import aws_retries
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
    properties = {"client.region": region, **aws_retries.ICEBERG_FILES}
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        properties["s3.endpoint"] = endpoint
    return _Glue(NAME, None, **properties)


class _Glue(GlueCatalog):
    """Glue, with commits that landed although Glue refused them: botocore had sent them again for want of an answer.

    PyIceberg deletes the files of a commit that was refused, which the table consists of then.
    """

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        try:
            return super().commit_table(table, requirements, updates)
        except CommitFailedException:
            added = [update.snapshot.snapshot_id for update in updates if isinstance(update, AddSnapshotUpdate)]
            now = self.load_table(table.name())
            if not added or any(now.metadata.snapshot_by_id(snapshot_id) is None for snapshot_id in added):
                raise
            return CommitTableResponse.model_validate(
                {"metadata": now.metadata, "metadata-location": now.metadata_location}
            )
