"""The Iceberg catalog: AWS Glue, in an account or at the endpoint in the environment (AWS_ENDPOINT_URL)."""

import os

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import AddSnapshotUpdate, TableRequirement, TableUpdate

from lakehouse.engine import aws_retries
from lakehouse.engine.session import CATALOG
from lakehouse.errors import LakehouseError


def load() -> Catalog:
    """Open the Glue catalog with AWS's default credential chain.

    PyIceberg calls Glue through boto3, which reads AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_GLUE, and S3 through Arrow,
    which needs the endpoint as a property.

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
    return _Glue(CATALOG, None, **properties)


class _Glue(GlueCatalog):
    """Glue catalog that recognizes its own commit.

    If the response to a commit is lost, botocore sends the commit again and Glue refuses the second one. PyIceberg
    would then delete the files of the refused commit, which are the files of the table.
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
