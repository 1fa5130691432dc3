"""Which version of a row wins: pure rules, as SQL that Spark, Sail and Glue read alike. See docs/changes.md.

The rules speak of two rows by their aliases: `s` is a version that a batch brings, `t` the one in the table.
"""

from collections.abc import Iterable

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as fn

from lakehouse.contracts import dms
from lakehouse.contracts.columns import BATCH_ID, DELETED, INGESTED_AT, OPERATION, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract, Ingest

RECORD_ID = (BATCH_ID, SOURCE_FILE, SOURCE_ROW)
"""What tells a record from every other that was ever received."""


def versions(accepted: DataFrame, contract: Contract) -> DataFrame:
    """Accepted raw records as versions of rows of the integration table, in its columns.

    A delete keeps its key and what orders it: whether DMS sends the other columns depends on what the source logs.
    """
    kept = {*contract.key, *contract.ordering}
    deletes = contract.ingest is Ingest.CDC and contract.source.is_database
    deleted = f"coalesce(`{OPERATION}` = '{dms.DELETE}', false)" if deletes else "false"
    own = [
        f"CASE WHEN NOT {deleted} THEN `{name}` END AS `{name}`" if deletes and name not in kept else f"`{name}`"
        for name in (column.name for column in contract.columns)
    ]
    database = [f"`{dms.COMMIT_TIMESTAMP}`", f"`{dms.CHANGE_SEQUENCE}`"] if contract.source.is_database else []
    flag = [] if contract.ingest is Ingest.APPEND else [f"{deleted} AS `{DELETED}`"]
    return accepted.selectExpr(*own, *database, *flag, SOURCE_FILE, SOURCE_ROW, BATCH_ID, INGESTED_AT)


def latest(rows: DataFrame, contract: Contract, *, by_contents: bool = True) -> DataFrame:
    """Of all versions of each key the one that is `newer` than every other.

    Args:
        rows: versions, in the columns of the integration table.
        contract: the dataset.
        by_contents: whether contents decide between versions that `order` does not tell apart; if not, `rows` may
            lack all columns but the key, `order_columns` and `RECORD_ID`, and which of these is kept is arbitrary.
    """
    contents = by_contents and contract.ingest is not Ingest.APPEND
    window = Window.partitionBy(*contract.key).orderBy(
        fn.expr(order(contract, "s")).desc(),
        *([fn.expr(_contents(contract, "s")).desc()] if contents else []),
        fn.expr(_record_id("s")).asc(),
    )
    # Sail has no ranges of structs, which a window means that does not say rows.
    window = window.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return rows.alias("s").withColumn("_rank", fn.row_number().over(window)).where("_rank = 1").drop("_rank")


def same_key(contract: Contract) -> str:
    """Condition: `s` and `t` are versions of one row. No part of a key is null, so plain equality is right."""
    return " AND ".join(f"s.`{column}` = t.`{column}`" for column in contract.key)


def newer(contract: Contract) -> str:
    """Condition: version `s` takes the place of version `t` of the same row."""
    same_record = f"{_record_id('s')} <=> {_record_id('t')}"
    differs = f"NOT ({_contents(contract, 's')} <=> {_contents(contract, 't')})"
    received_first = f"{_record_id('s')} < {_record_id('t')}"
    # The same record, read again under a corrected contract, says what it says now.
    tied = f"WHEN {same_record} THEN {differs}"
    if contract.ingest is not Ingest.APPEND:
        tied += f" WHEN {differs} THEN {_contents(contract, 's')} > {_contents(contract, 't')}"
    return (
        f"CASE WHEN {order(contract, 's')} > {order(contract, 't')} THEN true "
        f"WHEN {order(contract, 's')} < {order(contract, 't')} THEN false {tied} ELSE {received_first} END"
    )


def order(contract: Contract, row: str) -> str:
    """What orders versions of one row before their contents do: a struct, of which the greatest wins.

    Engines compare structs field by field, with null lowest. `row` is the alias of the version.
    """
    # DMS leaves the sequence of a full-load row empty or null: it is older than every change either way.
    return _struct(
        f"coalesce({row}.`{column}`, '')" if column == dms.CHANGE_SEQUENCE else f"{row}.`{column}`"
        for column in order_columns(contract)
    )


def order_columns(contract: Contract) -> tuple[str, ...]:
    """Columns of `order`, the most significant first."""
    snapshot = (BATCH_ID,) if contract.ingest is Ingest.SNAPSHOT else ()
    # Full-load rows have no sequence: of two full loads the later is right.
    database = (dms.COMMIT_TIMESTAMP,) if contract.source.is_database else ()
    # true is greater than false: a delete beats what it is tied with.
    deleted = () if contract.ingest is Ingest.APPEND else (DELETED,)
    return tuple(dict.fromkeys((*snapshot, *contract.ordering, *database, *deleted)))


def _contents(contract: Contract, row: str) -> str:
    return _struct(f"{row}.`{column.name}`" for column in contract.columns if column.name not in contract.key)


def _record_id(row: str) -> str:
    return _struct(f"{row}.`{column}`" for column in RECORD_ID)


def _struct(fields: Iterable[str]) -> str:
    listed = ", ".join(fields)
    return f"struct({listed})" if listed else "true"  # there is no struct of no fields
