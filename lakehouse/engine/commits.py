"""Commits that lose nothing: each is made on the state it was computed from, or not at all.

What is computed from a table and written back to it would undo whatever was committed in between. Engines differ in
what they check, see docs/decisions/071-commits-that-lose-nothing.md; what they do not is checked here.
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
    """The state of a table that a change is computed from.

    Args:
        database: Glue database.
        table: its name in it.
        metadata_location: URI of its Iceberg metadata; no two states share one.
        snapshot_id: its current snapshot; None while nothing was written.
        is_evolved: the table has other columns or types than that snapshot was written with.
    """

    database: str
    table: str
    metadata_location: str
    snapshot_id: int | None
    is_evolved: bool

    @property
    def name(self) -> str:
        return f"{self.database}.{self.table}"


def base_of(table: Table) -> Base:
    """The state that PyIceberg loaded."""
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
    """The table as it was in that state."""
    if base.snapshot_id is None:
        return spark.table(base.name).where(fn.lit(False))
    if base.is_evolved:
        # A snapshot is read in the columns of its time. The table as it is may be a later state than `base`, which
        # the commit then finds out.
        return spark.table(base.name)
    # No option of the reader says it everywhere: Spark 3.5 ignores `versionAsOf`, Iceberg on 4.1 refuses `snapshot-id`.
    return spark.sql(f"SELECT * FROM {base.name} VERSION AS OF {base.snapshot_id}")  # noqa: S608


@tracing.span("commit")
def append(rows: DataFrame, base: Base) -> None:
    """Add rows, if nothing else was committed since `base`."""
    if engine() == "sail":
        # Sail fails an append after which the table would not be its plan's plus these rows.
        _writer(_fenced(rows, base), base).append()
    else:
        # Spark's append fits itself behind any other commit; to overwrite no row is an append that is validated.
        _writer(rows, base).overwrite(fn.lit(False))


@tracing.span("commit")
def overwrite_partitions(rows: DataFrame, base: Base) -> None:
    """Put rows in place of all partitions that they belong to, if nothing was committed to these since `base`."""
    _writer(_fenced(rows, base) if engine() == "sail" else rows, base).overwritePartitions()


@tracing.span("commit")
def replace(rows: DataFrame, base: Base, *, where: Column) -> None:
    """Put rows in place of those that meet a condition on partitions, and lose nothing of the others.

    Spark finds what meets the condition in whatever state it commits on, Sail in `base`.
    """
    (_fenced(rows, base) if engine() == "sail" else rows).writeTo(base.name).overwrite(where)


@tracing.span("commit")
def merge(rows: DataFrame, base: Base, *, on: str, update_when: str) -> None:
    """Insert rows, and update those that are there.

    Args:
        rows: with alias `s`; they have the columns of the table, whose alias is `t`.
        base: state of the table.
        on: when two rows are the same.
        update_when: whether that of `rows` takes the other's place.
    """
    # Spark validates a MERGE against the state that it found; what `rows` were computed from may be older.
    rows.sparkSession.sql(
        f"MERGE INTO {base.name} t USING {{source}} s ON {on} "
        f"WHEN MATCHED AND {update_when} THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        source=_fenced(rows, base),
    )


def _writer(rows: DataFrame, base: Base) -> DataFrameWriterV2:
    # Iceberg docs, "Spark Configuration", write options. Sail knows neither, hence `_fenced`.
    writer = rows.writeTo(base.name).option("isolation-level", "serializable")
    return writer if base.snapshot_id is None else writer.option("validate-from-snapshot-id", str(base.snapshot_id))


def _fenced(rows: DataFrame, base: Base) -> DataFrame:
    """The same rows, of a query that fails while it runs unless the table is still in the state `base`.

    Sail checks a commit against the table as it was when the query was planned. Planning reads the target and then,
    anew, the table to write: what is committed in between is overwritten unseen. When the query runs, both are
    behind it, and the state being `base` still, it was so throughout.
    """
    spark = rows.sparkSession
    return rows.unionByName(spark.range(1).mapInArrow(partial(_refuse_if_moved, base=base), rows.schema))


def _refuse_if_moved(batches: Iterable[pa.RecordBatch], *, base: Base) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        glue = boto3.Session().client("glue")
        found = glue.get_table(DatabaseName=base.database, Name=base.table)["Table"]["Parameters"]["metadata_location"]
        if found != base.metadata_location:
            raise RuntimeError(f"{base.name}: {commit_conflicts.MOVED}, {found} after {base.metadata_location}")
    yield from ()
