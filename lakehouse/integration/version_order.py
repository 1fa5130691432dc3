"""Decide which of two versions of a row is later, in SQL that Spark, Sail and Glue understand. See docs/changes.md.

In the conditions, alias `s` is the version of a batch and alias `t` is the version in the table.
"""

from collections.abc import Iterable

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as fn

from lakehouse.contracts import dms
from lakehouse.contracts.columns import BATCH_ID, DELETED, INGESTED_AT, OPERATION, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract, Ingest

RECORD_ID = (BATCH_ID, SOURCE_FILE, SOURCE_ROW)
"""Columns that identify one received record."""


def versions(accepted: DataFrame, contract: Contract) -> DataFrame:
    """Return accepted raw records as versions of rows, in the columns of the integration table.

    A delete has only its key and its order columns, because the source's log settings decide whether DMS sends others.
    """
    columns_of_a_delete = {*contract.key, *contract.ordering}
    has_deletes = contract.ingest is Ingest.CDC and contract.source.has_operations
    is_deleted = f"coalesce(`{OPERATION}` = '{dms.DELETE}', false)" if has_deletes else "false"
    contracted = [
        f"CASE WHEN NOT {is_deleted} THEN `{name}` END AS `{name}`"
        if has_deletes and name not in columns_of_a_delete
        else f"`{name}`"
        for name in (column.name for column in contract.columns)
    ]
    database = [f"`{dms.COMMIT_TIMESTAMP}`", f"`{dms.CHANGE_SEQUENCE}`"] if contract.source.has_operations else []
    flag = [] if contract.ingest is Ingest.APPEND else [f"{is_deleted} AS `{DELETED}`"]
    return accepted.selectExpr(*contracted, *database, *flag, SOURCE_FILE, SOURCE_ROW, BATCH_ID, INGESTED_AT)


def latest(rows: DataFrame, contract: Contract, *, by_contents: bool = True) -> DataFrame:
    """Return the latest version of each key: the one that is `newer` than all others.

    Args:
        rows: versions, in the columns of the integration table.
        contract: the dataset.
        by_contents: whether contents decide between versions that `order` does not distinguish. If not, `rows` needs
            only the key, `order_columns` and `RECORD_ID`, and any one of such versions is returned.
    """
    contents = by_contents and contract.ingest is not Ingest.APPEND
    window = Window.partitionBy(*contract.key).orderBy(
        fn.expr(order(contract, "s")).desc(),
        *([fn.expr(_contents(contract, "s")).desc()] if contents else []),
        fn.expr(_record_id("s")).asc(),
    )
    # The default window is a range; Sail does not support ranges of structs.
    window = window.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return rows.alias("s").withColumn("_rank", fn.row_number().over(window)).where("_rank = 1").drop("_rank")


def same_key(contract: Contract) -> str:
    """Return the condition that `s` and `t` are versions of one row; keys are never null, so `=` is enough."""
    return " AND ".join(f"s.`{column}` = t.`{column}`" for column in contract.key)


def newer(contract: Contract) -> str:
    """Return the condition that version `s` replaces version `t` of the same row."""
    same_record = f"{_record_id('s')} <=> {_record_id('t')}"
    differs = f"NOT ({_contents(contract, 's')} <=> {_contents(contract, 't')})"
    received_first = f"{_record_id('s')} < {_record_id('t')}"
    # If the same record was read again under a corrected contract, the new reading wins.
    tied = f"WHEN {same_record} THEN {differs}"
    if contract.ingest is not Ingest.APPEND:
        tied += f" WHEN {differs} THEN {_contents(contract, 's')} > {_contents(contract, 't')}"
    return (
        f"CASE WHEN {order(contract, 's')} > {order(contract, 't')} THEN true "
        f"WHEN {order(contract, 's')} < {order(contract, 't')} THEN false {tied} ELSE {received_first} END"
    )


def order(contract: Contract, row: str) -> str:
    """Return the struct that orders the versions of one row; the greatest wins.

    Engines compare structs field by field, with null lowest. `row` is the alias of the version.
    """
    # DMS leaves the sequence of a full-load row empty or null; in both cases it is older than every change.
    return _struct(
        f"coalesce({row}.`{column}`, '')" if column == dms.CHANGE_SEQUENCE else f"{row}.`{column}`"
        for column in order_columns(contract)
    )


def order_columns(contract: Contract) -> tuple[str, ...]:
    """Return the columns of `order`, the most significant first."""
    snapshot = (BATCH_ID,) if contract.ingest is Ingest.SNAPSHOT else ()
    # Full-load rows have no sequence, so the later of two full loads wins.
    database = (dms.COMMIT_TIMESTAMP,) if contract.source.has_operations else ()
    # true is greater than false: a delete wins against a version of the same order.
    deleted = () if contract.ingest is Ingest.APPEND else (DELETED,)
    return tuple(dict.fromkeys((*snapshot, *contract.ordering, *database, *deleted)))


def _contents(contract: Contract, row: str) -> str:
    return _struct(f"{row}.`{column.name}`" for column in contract.columns if column.name not in contract.key)


def _record_id(row: str) -> str:
    return _struct(f"{row}.`{column}`" for column in RECORD_ID)


def _struct(fields: Iterable[str]) -> str:
    listed = ", ".join(fields)
    return f"struct({listed})" if listed else "true"  # SQL has no empty struct
