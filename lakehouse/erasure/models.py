"""Remove the old states of models after an erasure: their earlier snapshots, and rows that were never published."""

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog

from lakehouse.erasure.tables import expire_history
from lakehouse.erasure.versions import delete_all
from lakehouse.maintenance.models import candidates, remove

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client


def forget(s3: "S3Client", glue: "GlueClient", tables: Collection[str], *, catalog: Catalog) -> int:
    """Remove all candidates of some models, and every snapshot of their tables but the current one.

    Args:
        s3: S3 client, which deletes versions.
        glue: Glue client of dbt's role.
        tables: tables of the models, as `database.name`, after they were built without the person.
        catalog: catalog of dbt's role.

    Returns:
        the number of deleted files.
    """
    deleted = 0
    for candidate in candidates(glue, {table.partition(".")[0] for table in tables}):
        if f"{candidate.database}.{candidate.model}" in tables:
            files = remove(catalog, candidate)
            for uri in files:
                delete_all(s3, uri)
            deleted += len(files)
    return deleted + sum(expire_history(s3, partial(catalog.load_table, table)) for table in tables)
