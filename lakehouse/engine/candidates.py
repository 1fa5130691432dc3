"""Candidates: changes of a table that no reader sees until they are published.

A candidate is a second Glue table on the metadata of a published table. Every engine writes to it as to any other
table: its commits add metadata files and leave the published table as it is. To publish it is to point the published
table at the candidate's metadata. No file is copied, and the history of the table goes on.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.table import Table

from lakehouse.engine.commit_conflicts import OTHER_COMMIT_FIRST
from lakehouse.names import CANDIDATE, CANDIDATE_DAYS

ABANDONED = timedelta(days=CANDIDATE_DAYS)
"""Age of a candidate that no job can still work on: a job's time-out is shorter."""

METADATA, PREVIOUS_METADATA = "metadata_location", "previous_metadata_location"

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

log = logging.getLogger(__name__)


@contextmanager
def candidate(catalog: Catalog, published: Table) -> Iterator[Table]:
    """Yield a candidate of a table; its entry in Glue is removed at the end, and its files stay.

    Files of a candidate that is not published are orphan files of the published table (`lakehouse maintain`).

    Args:
        catalog: Iceberg catalog.
        published: the table, in the state from which the change is computed.
    """
    database, table = published.name()[-2:]
    name = (database, f"{table}{CANDIDATE}{uuid.uuid4().hex[:8]}")
    try:
        yield catalog.register_table(name, published.metadata_location)
    finally:
        try:
            catalog.drop_table(name)
        except (NoSuchTableError, BotoCoreError, ClientError) as error:
            # The work must end with its own result, and no reader looks for this name.
            log.warning("%s.%s is left in Glue: %s", *name, error)


def publish(catalog: Catalog, candidate: Table, *, published: Table) -> None:
    """Let readers see a candidate, if nothing was committed to the published table since the candidate was made.

    Args:
        catalog: Iceberg catalog.
        candidate: as it was made; its current state is published.
        published: the table, in the state from which the candidate was made.

    Raises:
        CommitFailedException: another writer committed to the table first; it is unchanged.
    """
    metadata_location = catalog.load_table(candidate.name()).metadata_location
    if metadata_location == published.metadata_location:
        return
    database, name = published.name()[-2:]
    glue: Any = boto3.client("glue")
    table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    if table["Parameters"][METADATA] != published.metadata_location:
        raise CommitFailedException(f"{database}.{name}: {OTHER_COMMIT_FIRST}, {table['Parameters'][METADATA]}")
    parameters = {METADATA: metadata_location, PREVIOUS_METADATA: published.metadata_location}
    fields = glue.meta.service_model.operation_model("UpdateTable").input_shape.members["TableInput"].members
    try:
        # With the version, Glue refuses the update if the table has changed. Source: Iceberg docs, "AWS", "Optimistic
        # Locking".
        glue.update_table(
            DatabaseName=database,
            TableInput={key: table[key] for key in fields if key in table}
            | {"Parameters": table["Parameters"] | parameters},
            VersionId=table["VersionId"],
            SkipArchive=True,
        )
    except glue.exceptions.ConcurrentModificationException as error:
        # If the response was lost, botocore sent the update again, and Glue refused the second one.
        if glue.get_table(DatabaseName=database, Name=name)["Table"]["Parameters"][METADATA] != metadata_location:
            raise CommitFailedException(f"{database}.{name}: {OTHER_COMMIT_FIRST}") from error


def abandoned(glue: "GlueClient", database: str, *, now: datetime) -> list[str]:
    """Return the names of candidates in a database that a killed job left in Glue.

    They may be removed from Glue, never with their files: those of the published table are among them.
    """
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    return [
        table["Name"]
        for page in pages
        for table in page["TableList"]
        if CANDIDATE in table["Name"] and table["CreateTime"] < now - ABANDONED
    ]
