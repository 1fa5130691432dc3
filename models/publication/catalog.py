"""The Iceberg catalog of a publication: AWS Glue, with the documentation of the models and without retries."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlparse

import boto3
from pyarrow.fs import AwsStandardS3RetryStrategy
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import AddSnapshotUpdate, TableRequirement, TableUpdate

ICEBERG_PARAMETERS = ("metadata_location", "previous_metadata_location", "table_type")
"""Glue parameters of a table that belong to one state of it; the others are documentation."""

KEYS_A_REQUEST = 1000
"""Most keys of one DeleteObjects request. Source: Amazon S3 API reference, "DeleteObjects"."""

DESCRIBING = ("Description", "Owner", "Retention", "TableType", "PartitionKeys", "StorageDescriptor", "Parameters")


class OvertakenError(ValidationException):
    """Another writer changed the table. PyIceberg deletes what the commit wrote, and does not try again."""


class Retries(AwsStandardS3RetryStrategy):  # type: ignore[misc]
    """Arrow's retries with as many tries as the jobs have; Arrow's default is three."""

    def __init__(self) -> None:
        super().__init__(max_attempts=8)


class Catalog(GlueCatalog):
    """Glue catalog that writes documentation with a commit, and fails on the first conflict."""

    def __init__(self, session: boto3.Session) -> None:
        """Open the catalog with the credentials of a session.

        Arrow reads and writes the files. It cannot assume the role of a profile, so it gets the credentials that the
        session has now; they are valid for an hour.
        """
        credentials = session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        properties = {
            "s3.region": session.region_name or os.environ["LAKEHOUSE_REGION"],
            "s3.access-key-id": frozen and frozen.access_key,
            "s3.secret-access-key": frozen and frozen.secret_key,
            "s3.session-token": frozen and frozen.token,
            "s3.endpoint": os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
            "s3.retry-strategy-impl": f"{__name__}.{Retries.__name__}",
            "s3.connect-timeout": "5",
            "s3.request-timeout": "30",
        }
        glue = session.client("glue", region_name=properties["s3.region"])
        super().__init__("awsdatacatalog", glue, **{name: value for name, value in properties.items() if value})
        self._s3 = session.client("s3", region_name=properties["s3.region"])
        self._documentation: Mapping[str, Any] | None = None

    def entry(self, database: str, name: str) -> dict[str, Any] | None:
        """Return a table's entry in Glue; None if there is no such table."""
        try:
            return dict(self.glue.get_table(DatabaseName=database, Name=name)["Table"])
        except self.glue.exceptions.EntityNotFoundException:
            return None

    def create_entry(self, entry: Mapping[str, Any], *, name: str) -> None:
        """Create a table from the entry of another one: the same state under another name.

        Raises:
            OvertakenError: there is such a table already, of another state.
        """
        table_input = {"Name": name, **{key: entry[key] for key in DESCRIBING if key in entry}}
        try:
            self.glue.create_table(DatabaseName=entry["DatabaseName"], TableInput=table_input)
        except self.glue.exceptions.AlreadyExistsException as error:
            now = self.entry(entry["DatabaseName"], name)  # ours, if the answer to the first request was lost
            if now is None or location(now) != location(entry):
                raise OvertakenError(f"{entry['DatabaseName']}.{name} was created meanwhile") from error

    def document(self, entry: Mapping[str, Any], documentation: Mapping[str, Any]) -> None:
        """Give a table the descriptions of another one, if they differ."""
        table_input = {"Name": entry["Name"], **{key: entry[key] for key in DESCRIBING if key in entry}}
        described = documented(table_input, documentation)
        if described != table_input:
            self._update_glue_table(entry["DatabaseName"], entry["Name"], described, entry["VersionId"])

    def delete_files(self, uris: Iterable[str]) -> None:
        """Delete files. Not by Arrow, which leaves an empty object in place of a folder."""
        found = [urlparse(uri) for uri in sorted(uris)]
        for first in range(0, len(found), KEYS_A_REQUEST):
            part = found[first : first + KEYS_A_REQUEST]
            keys = [{"Key": uri.path.lstrip("/")} for uri in part]
            self._s3.delete_objects(Bucket=part[0].netloc, Delete={"Objects": keys, "Quiet": True})

    @contextmanager
    def documenting(self, documentation: Mapping[str, Any]) -> Iterator[None]:
        """Write descriptions, given as an entry in Glue, with each commit inside the block."""
        self._documentation = documentation
        try:
            yield
        finally:
            self._documentation = None

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """Commit once. A commit whose response was lost, and which botocore sent again, is recognized as done."""
        try:
            return super().commit_table(table, requirements, updates)
        except CommitFailedException as error:
            added = [update.snapshot.snapshot_id for update in updates if isinstance(update, AddSnapshotUpdate)]
            now = self.load_table(table.name())
            if added and all(now.metadata.snapshot_by_id(snapshot_id) for snapshot_id in added):
                return CommitTableResponse.model_validate(
                    {"metadata": now.metadata, "metadata-location": now.metadata_location}
                )
            raise OvertakenError(str(error)) from error

    def _update_glue_table(self, database_name: str, table_name: str, table_input: Any, version_id: str) -> None:
        if self._documentation is not None:
            table_input = documented(table_input, self._documentation)
        super()._update_glue_table(database_name, table_name, table_input, version_id)


def location(entry: Mapping[str, Any]) -> str | None:
    """Return the location of a table's metadata, which names its state."""
    found: str | None = entry.get("Parameters", {}).get("metadata_location")
    return found


def documented(table_input: Mapping[str, Any], documentation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a table with the descriptions of another one: of the table, its columns, and its meta."""
    by_column = {column["Name"]: column for column in documentation["StorageDescriptor"]["Columns"]}

    def column(given: Mapping[str, Any]) -> dict[str, Any]:
        like = by_column.get(given["Name"], {})
        own = given.get("Parameters", {})
        parameters = {key: value for key, value in like.get("Parameters", {}).items() if not key.startswith("iceberg.")}
        described = {**given, **({"Parameters": {**parameters, **own}} if parameters or own else {})}
        return described | ({"Comment": like["Comment"]} if like.get("Comment") else {})

    meta = {key: value for key, value in documentation.get("Parameters", {}).items() if key not in ICEBERG_PARAMETERS}
    storage = table_input["StorageDescriptor"]
    return {
        **table_input,
        **({"Description": documentation["Description"]} if documentation.get("Description") else {}),
        "Parameters": {**table_input.get("Parameters", {}), **meta},
        "StorageDescriptor": {**storage, "Columns": [column(given) for given in storage["Columns"]]},
    }
