"""Commits that lose nothing: each is made on the state from which its rows were computed, or fails.

Rows that are computed from a table and written back to it would undo a commit that another writer made in between. The
engines check different parts of this (docs/decisions/071-commits-that-lose-nothing.md); the rest is checked here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import boto3
import pyarrow as pa
from pyiceberg.table import Table
from pyspark.sql import Column, DataFrame, DataFrameWriterV2, SparkSession
from pyspark.sql import functions as fn

from lakehouse.engine import commit_conflicts, tracing
from lakehouse.engine.session import engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The state of a table from which a change is computed.

    Attributes:
        database: Glue database.
        table: name of the table in the database.
        metadata_location: URI of the Iceberg metadata; different for each state.
        snapshot_id: current snapshot; None if nothing was written yet.
        is_evolved: whether the table has other columns or types than this snapshot was written with.
    """

    database: str
    table: str
    metadata_location: str
    snapshot_id: int | None
    is_evolved: bool

    @property
    def name(self) -> str:
        """`database.table`."""
        return f"{self.database}.{self.table}"


def base_of(table: Table) -> Base:
    """Return the state of a table that PyIceberg loaded."""
    database, name = table.name()[-2:]
    snapshot = table.current_snapshot()
    return Base(
        database=database,
        table=name,
        metadata_location=table.metadata_location,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        is_evolved=snapshot is not None and snapshot.schema_id != table.metadata.current_schema_id,
    )


def read(spark: SparkSession, base: Base) -> DataFrame:
    """Return the rows of a table in a state."""
    if base.snapshot_id is None:
        return spark.table(base.name).where(fn.lit(False))
    if base.is_evolved:
        # A snapshot is read with the columns of its time. The current table may be a later state than `base`; then the
        # commit fails.
        return spark.table(base.name)
    # No reader option works on all engines: Spark 3.5 ignores `versionAsOf`, Iceberg on 4.1 refuses `snapshot-id`.
    return spark.sql(f"SELECT * FROM {base.name} VERSION AS OF {base.snapshot_id}")  # noqa: S608


@tracing.span("commit")
def append(rows: DataFrame, base: Base) -> None:
    """Append rows, if nothing else was committed since `base`."""
    if engine() == "sail":
        # Sail refuses an append if the result would not be the table of its plan plus these rows.
        _writer(_guarded(rows, base), base).append()
    else:
        # Spark's append accepts any other commit before it; to overwrite no row is an append that is validated.
        _writer(rows, base).overwrite(fn.lit(False))


@tracing.span("commit")
def overwrite_partitions(rows: DataFrame, base: Base) -> None:
    """Replace all partitions of the given rows by these rows, if nothing was committed to them since `base`."""
    _writer(_guarded(rows, base) if engine() == "sail" else rows, base).overwritePartitions()


@tracing.span("commit")
def replace(rows: DataFrame, base: Base, *, where: Column) -> None:
    """Replace the rows that meet a condition on partitions, and keep all others.

    Spark evaluates the condition in the state that it commits on, Sail in `base`.
    """
    (_guarded(rows, base) if engine() == "sail" else rows).writeTo(base.name).overwrite(where)


@tracing.span("commit")
def merge(rows: DataFrame, base: Base, *, on: str, update_when: str) -> None:
    """Insert new rows and update existing ones.

    Args:
        rows: rows with the columns of the table; their alias is `s`, the alias of the table is `t`.
        base: state of the table.
        on: condition that two rows have the same key.
        update_when: condition that the row of `s` replaces the row of `t`.
    """
    # Spark validates a MERGE against the state that it read; `rows` may be computed from an older one.
    rows.sparkSession.sql(
        f"MERGE INTO {base.name} t USING {{source}} s ON {on} "
        f"WHEN MATCHED AND {update_when} THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        source=_guarded(rows, base),
    )


def _writer(rows: DataFrame, base: Base) -> DataFrameWriterV2:
    # Iceberg docs, "Spark Configuration", write options. Sail has neither, hence `_guarded`.
    writer = rows.writeTo(base.name).option("isolation-level", "serializable")
    return writer if base.snapshot_id is None else writer.option("validate-from-snapshot-id", str(base.snapshot_id))


def _guarded(rows: DataFrame, base: Base) -> DataFrame:
    """Return the same rows from a query that fails at run time unless the table is still in the state `base`.

    Sail checks a commit against the table as it was when the query was planned. Planning reads the target and then,
    again, the table to write; a commit in between is overwritten without an error. At run time both reads are done: if
    the state is still `base` then, it was `base` at both.
    """
    spark = rows.sparkSession
    return rows.unionByName(spark.range(1).mapInArrow(partial(_fail_if_changed, base=base), rows.schema))


def _fail_if_changed(batches: Iterable[pa.RecordBatch], *, base: Base) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        glue = boto3.Session().client("glue")
        table = glue.get_table(DatabaseName=base.database, Name=base.table)["Table"]
        location = table["Parameters"]["metadata_location"]
        if location != base.metadata_location:
            raise RuntimeError(
                f"{base.name}: {commit_conflicts.OTHER_COMMIT_FIRST}, {location} after {base.metadata_location}"
            )
    yield from ()
