"""Publish the lineage of a dbt build; it needs only boto3 and sqlglot, because Airflow's environment has no more."""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import LakehouseError
from lakehouse.lineage import endpoint, models, record
from lakehouse.lineage.endpoint import Endpoint
from lakehouse.lineage.events import Parent
from lakehouse.lineage.sql import Table
from lakehouse.names import Names, OpsTable

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

log = logging.getLogger(__name__)


def publish(
    names: Names,
    *,
    target: Path,
    profile: str | None,
    parent: str | None,
    refused: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Insert the events of a build into `ops.lineage` and send them to the endpoint of the environment.

    A failure is only logged, because the tables are built already.

    Args:
        names: names of the deployment.
        target: folder with dbt's manifest and results.
        profile: AWS profile of dbt's role; None uses the credentials of this process.
        parent: `job/run` that started the build.
        refused: models whose rows were not published, by dbt's id, with the reason.
    """
    try:
        manifest, results = (json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "run_results"))
        session = boto3.Session(profile_name=profile)
        columns = _columns(session.client("glue"), models.tables(manifest, results))
        events = models.of_build(
            manifest, results, columns=columns, names=names, parent=Parent.of(parent), refused=refused
        )
        # The endpoint comes first, so that it gets the events even if Athena fails.
        Endpoint(endpoint.endpoint_url()).send([event for of_model in events.values() for event in of_model])
        record.insert(session.client("athena"), events, names=names)
    except (LakehouseError, BotoCoreError, ClientError, OSError) as error:
        log.warning("the lineage of this build is not in %s.%s: %s", names.ops_database, OpsTable.LINEAGE, error)


def _columns(glue: "GlueClient", tables: Iterable[Table]) -> dict[Table, dict[str, str]]:
    """Return the columns and types of the tables that exist; a table does not exist if its first build failed."""
    existing: dict[Table, dict[str, str]] = {}
    for database, name in sorted(tables):
        try:
            table = glue.get_table(DatabaseName=database, Name=name)["Table"]
        except glue.exceptions.EntityNotFoundException:
            continue
        columns = table["StorageDescriptor"]["Columns"]
        existing[database, name] = {column["Name"]: column["Type"] for column in columns}
    return existing
