"""Run statements on Athena in dbt's workgroup."""

import os
from typing import Any

from pyathena import connect
from pyathena.error import OperationalError

__all__ = ["OperationalError", "quoted", "rows"]


def rows(sql: str, *, database: str) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows.

    Raises:
        OperationalError: Athena refused the statement, or it failed.
    """
    connection = connect(
        region_name=os.environ["LAKEHOUSE_REGION"],
        work_group=os.environ["LAKEHOUSE_WORKGROUP"],
        s3_staging_dir=os.environ["LAKEHOUSE_RESULTS"],
        schema_name=database,
        poll_interval=float(os.environ.get("LAKEHOUSE_DBT_POLL_SECONDS", "0.1")),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def quoted(*parts: str) -> str:
    """Return an identifier for a query."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
