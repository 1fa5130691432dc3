"""Note the state of all tables before dbt starts. It needs only boto3, so that dbt starts without delay."""

import os
from pathlib import Path
from typing import Any

import boto3

FILE = "publication.json"
"""What became of each model, in dbt's target folder."""

States = dict[tuple[str, str], str]
"""Location of the metadata of each Iceberg table, by database and name."""


def note(target: Path) -> States:
    """Return the state of all tables of integration and curated, and remove the result of an earlier build.

    Args:
        target: dbt's folder for results.
    """
    (target / FILE).unlink(missing_ok=True)
    glue: Any = boto3.client("glue", region_name=os.environ["LAKEHOUSE_REGION"])
    found = {}
    for zone in ("INTEGRATION", "CURATED"):
        database = os.environ[f"LAKEHOUSE_DATABASE_{zone}"]
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
            for table in page["TableList"]:
                if at := table.get("Parameters", {}).get("metadata_location"):
                    found[database, table["Name"]] = at
    return found
