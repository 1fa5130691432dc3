"""Run one SQL statement on Athena and read its result."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakehouse.engine.waiting import wait_until
from lakehouse.errors import LakehouseError
from lakehouse.names import Names, Zone

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef, StartQueryExecutionInputTypeDef

CATALOG = "AwsDataCatalog"
"""Athena's name of the Glue catalog of the account."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 2.0

QUERY_LIMIT = timedelta(hours=12)
"""Athena ends a statement sooner: DDL after 10 hours, other statements after at most 4 ("Service Quotas")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Result of a statement.

    Attributes:
        columns: (name, Athena type) of each column.
        rows: the rows as text, None for NULL, fetched page by page as they are read.
        scanned_bytes: bytes that Athena read and bills.
    """

    columns: tuple[tuple[str, str], ...]
    rows: Iterator[tuple[str | None, ...]]
    scanned_bytes: int


def query(
    athena: "AthenaClient",
    sql: str,
    *,
    names: Names,
    parameters: tuple[str, ...] = (),
    workgroup: str | None = None,
    database: str | None = None,
) -> Result:
    """Run a statement and wait until it has ended.

    Args:
        athena: Athena client.
        sql: one statement; each `?` stands for one parameter, in order.
        names: names of the deployment.
        parameters: values as SQL literals, as Athena expects them (text in single quotes).
        workgroup: where it runs; None is the workgroup of analysts.
        database: database of tables that are named without one, and one that the caller may describe; None is curated.

    Raises:
        LakehouseError: the statement failed; the message has Athena's reason.
    """
    request: StartQueryExecutionInputTypeDef = {
        "QueryString": sql,
        "WorkGroup": workgroup or names.workgroup,
        # Without a context, Athena opens the database `default`, which a new account does not have.
        "QueryExecutionContext": {"Catalog": CATALOG, "Database": database or names.database(Zone.CURATED)},
    }
    if parameters:  # Athena refuses an empty list
        request["ExecutionParameters"] = list(parameters)
    query_id = athena.start_query_execution(**request)["QueryExecutionId"]

    def ended() -> "QueryExecutionTypeDef | None":
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        return execution if execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None

    execution = wait_until(
        ended,
        subject=f"the end of Athena query {query_id}",
        first_pause=FIRST_PAUSE_SECONDS,
        longest_pause=LONGEST_PAUSE_SECONDS,
        limit=QUERY_LIMIT,
    )
    state = execution["Status"]["State"]
    if state != "SUCCEEDED":
        reason = execution["Status"].get("StateChangeReason", "no reason given")
        raise LakehouseError(f"Athena query {query_id} {state}: {reason}")
    pages = iter(athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    first = next(pages)["ResultSet"]
    columns = tuple((info["Name"], info["Type"]) for info in first["ResultSetMetadata"]["ColumnInfo"])

    def rows() -> Iterator[tuple[str | None, ...]]:
        # Athena puts a row of column names before a SELECT's first row, and before no other statement's.
        header = execution.get("StatementType") == "DML" and bool(columns)
        for row in first["Rows"][1 if header else 0 :]:
            yield tuple(value.get("VarCharValue") for value in row["Data"])
        for page in pages:
            for row in page["ResultSet"]["Rows"]:
                yield tuple(value.get("VarCharValue") for value in row["Data"])

    return Result(
        columns=columns,
        rows=rows(),
        scanned_bytes=execution.get("Statistics", {}).get("DataScannedInBytes", 0),
    )


def identifier(name: str) -> str:
    """Return a name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
