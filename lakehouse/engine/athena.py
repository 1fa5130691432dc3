"""Run one statement on Athena and read its result; the only way the lakehouse itself asks for rows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.errors import LakehouseError
from lakehouse.names import Names

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import StartQueryExecutionInputTypeDef

FIRST_POLL_SECONDS, LAST_POLL_SECONDS = 0.05, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Result of a statement.

    Args:
        columns: (name, Athena type) of each column.
        rows: the rows as text, None for NULL, fetched page by page as they are read.
        scanned_bytes: bytes that Athena read, which it bills by.
    """

    columns: tuple[tuple[str, str], ...]
    rows: Iterator[tuple[str | None, ...]]
    scanned_bytes: int


def query(
    athena: "AthenaClient", sql: str, *, names: Names, parameters: tuple[str, ...] = (), workgroup: str | None = None
) -> Result:
    """Run a statement and wait for it.

    Args:
        athena: Athena client.
        sql: one statement; `?` stands for the parameters in turn.
        names: names of the deployment.
        parameters: values as SQL literals, as Athena wants them (text in single quotes).
        workgroup: where it runs; None is the analysts'.

    Raises:
        LakehouseError: Athena refused or failed the statement; says why in Athena's words.
    """
    request: StartQueryExecutionInputTypeDef = {"QueryString": sql, "WorkGroup": workgroup or names.workgroup}
    if parameters:  # Athena refuses an empty list
        request["ExecutionParameters"] = list(parameters)
    query_id = athena.start_query_execution(**request)["QueryExecutionId"]
    wait = FIRST_POLL_SECONDS
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state = execution["Status"]["State"]
        if state == "SUCCEEDED":
            break
        if state in ("FAILED", "CANCELLED"):
            reason = execution["Status"].get("StateChangeReason", "no reason given")
            raise LakehouseError(f"Athena query {query_id} {state}: {reason}")
        time.sleep(wait)
        wait = min(wait * 1.5, LAST_POLL_SECONDS)
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    page_iterator = iter(pages)
    first = next(page_iterator)["ResultSet"]
    columns = tuple((info["Name"], info["Type"]) for info in first["ResultSetMetadata"]["ColumnInfo"])

    def rows() -> Iterator[tuple[str | None, ...]]:
        # Athena puts a row of column names before a SELECT's first row, and before no other statement's.
        header = execution.get("StatementType") == "DML" and bool(columns)
        for row in first["Rows"][1 if header else 0 :]:
            yield tuple(value.get("VarCharValue") for value in row["Data"])
        for page in page_iterator:
            for row in page["ResultSet"]["Rows"]:
                yield tuple(value.get("VarCharValue") for value in row["Data"])

    return Result(
        columns=columns,
        rows=rows(),
        scanned_bytes=execution.get("Statistics", {}).get("DataScannedInBytes", 0),
    )


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
