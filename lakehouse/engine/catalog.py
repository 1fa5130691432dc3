"""The Iceberg catalog: AWS Glue, in an account or at the endpoint in the environment (AWS_ENDPOINT_URL)."""

import os
from typing import TYPE_CHECKING

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import AddSnapshotUpdate, TableRequirement, TableUpdate

from lakehouse.engine import aws_retries
from lakehouse.engine.session import CATALOG
from lakehouse.errors import LakehouseError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef


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


def load_models(profile: str | None) -> Catalog:
    """Open the catalog for tables that dbt has made, whose descriptions are in Glue alone; commits keep them.

    Args:
        profile: AWS profile of dbt's role; None uses the credentials of this process. Arrow cannot assume a role, so it
            gets the credentials that the profile has now, which are valid for an hour.

    Raises:
        LakehouseError: no region or no credentials are set.
    """
    session = boto3.Session(profile_name=profile)
    credentials = session.get_credentials()
    if session.region_name is None or credentials is None:
        raise LakehouseError("no AWS region or credentials: set AWS_REGION, or `region` in your AWS profile")
    frozen = credentials.get_frozen_credentials()
    properties = {
        "client.region": session.region_name,
        "client.access-key-id": frozen.access_key,
        "client.secret-access-key": frozen.secret_key,
        "client.session-token": frozen.token,
        "s3.endpoint": os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
        **aws_retries.ICEBERG_FILES,
    }
    return _Models(CATALOG, session.client("glue"), **{name: value for name, value in properties.items() if value})


def load_named(catalog: Catalog, identifier: tuple[str, str], *, name: str) -> Table:
    """Return a table that a person named.

    Args:
        catalog: Iceberg catalog.
        identifier: database and table.
        name: `zone.table`, for the error.

    Raises:
        LakehouseError: there is no such table.
    """
    try:
        return catalog.load_table(identifier)
    except NoSuchTableError as error:
        raise LakehouseError(f"{name} does not exist; `lakehouse lineage` lists the tables") from error


class _Glue(GlueCatalog):
    """Glue catalog that recognizes its own commit.

    If the response to a commit is lost, botocore sends the commit again and Glue refuses the second one. PyIceberg
    would then delete the files of the refused commit, which are the files of the table.
    """

    def __init__(self, name: str, client: "GlueClient | None" = None, **properties: str) -> None:
        super().__init__(name, client, **properties)
        # botocore makes the classes of a client's errors at their first use. Two threads that use them first at once
        # would get different ones, and PyIceberg would not recognize that a table does not exist.
        assert self.glue.exceptions

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


class _Models(_Glue):
    """Glue catalog that keeps the descriptions of tables and columns, which PyIceberg would drop with each commit."""

    def _update_glue_table(
        self, database_name: str, table_name: str, table_input: "TableInputTypeDef", version_id: str
    ) -> None:
        now = self._get_glue_table(database_name, table_name)
        comments = {column["Name"]: column.get("Comment") for column in now["StorageDescriptor"]["Columns"]}
        for column in table_input["StorageDescriptor"]["Columns"]:
            if comment := comments.get(column["Name"]):
                column["Comment"] = comment
        if description := now.get("Description"):
            table_input["Description"] = description
        super()._update_glue_table(database_name, table_name, table_input, version_id)
