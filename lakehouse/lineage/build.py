"""Publish the lineage of a dbt build, with nothing but boto3 and sqlglot: Airflow's environment has no more."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
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


def publish(names: Names, *, target: Path, profile: str | None, parent: str | None) -> None:
    """Put the events of what was built into `ops.lineage` and send them to the endpoint that the environment names.

    The tables are built whether or not this works: if it does not, it is logged.

    Args:
        names: names of the deployment.
        target: folder that dbt left its manifest and results in.
        profile: AWS profile of dbt's role; None is who this process is.
        parent: `job/run` that started the build.
    """
    try:
        manifest, results = (json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "run_results"))
        session = boto3.Session(profile_name=profile)
        columns = _columns(session.client("glue"), models.tables(manifest, results))
        events = models.of_build(manifest, results, columns=columns, names=names, parent=Parent.of(parent))
        # First to the endpoint: it may be the one that still answers.
        Endpoint(endpoint.asked_for()).send([event for of_model in events.values() for event in of_model])
        record.insert(session.client("athena"), events, names=names)
    except (LakehouseError, BotoCoreError, ClientError, OSError) as error:
        log.warning("the lineage of this build is not in %s.%s: %s", names.ops_database, OpsTable.LINEAGE, error)


def _columns(glue: "GlueClient", tables: Iterable[Table]) -> dict[Table, dict[str, str]]:
    """Columns of those tables that exist, with their types; one whose first build failed does not."""
    found: dict[Table, dict[str, str]] = {}
    for database, name in sorted(tables):
        try:
            table = glue.get_table(DatabaseName=database, Name=name)["Table"]
        except glue.exceptions.EntityNotFoundException:
            continue
        columns = table["StorageDescriptor"]["Columns"]
        found[database, name] = {column["Name"]: column["Type"] for column in columns}
    return found
