"""Move a batch from stage to raw: every record of its objects becomes one row, accepted or rejected."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from heapq import heapreplace
from math import ceil
from typing import TYPE_CHECKING

import boto3
import pyarrow as pa

from lakehouse.batches import manifests
from lakehouse.batches.manifests import Batch, StageObject
from lakehouse.contracts.columns import BATCH_ID, CLEANSED, ERRORS, INGESTED_AT, RECORD, SOURCE_FILE, SOURCE_ROW
from lakehouse.contracts.model import Contract
from lakehouse.engine import commit_conflicts, tracing
from lakehouse.engine.session import engine_errors
from lakehouse.errors import LakehouseError
from lakehouse.moves import gates
from lakehouse.moves.done import Done
from lakehouse.moves.job import Job
from lakehouse.names import Names, Zone
from lakehouse.readers.fetch import fetch
from lakehouse.readers.reader import read
from lakehouse.readers.rows import row_columns
from lakehouse.readers.unexpected import UNEXPECTED

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyspark.sql import DataFrame, SparkSession

LEAST_BYTES = 16 * 2**20
"""Bytes of a partition; a smaller one is not worth a task and a file of its own, even if cores are idle."""

MOST_BYTES = 512 * 2**20
"""Bytes of a partition; it has more only if one object has more, so that a lost task does not cost much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The records and objects of one batch.

    Attributes:
        received: records, each one row of the raw table; `accepted` + `rejected`.
        accepted: accepted records.
        rejected: rejected records.
        objects: stage objects.
        bytes: size of the stage objects.
        unexpected: rejected records, and rests of objects, that caused an unexpected error of a reader.
    """

    received: int
    accepted: int
    rejected: int
    objects: int
    bytes: int
    unexpected: int = 0


def run(job: Job) -> None:
    """Move the batches of a job run, one after the other."""
    s3 = boto3.client("s3")
    for batch_id in job.batch_ids:
        with job.logged_failures([batch_id]):
            batch = manifests.load(s3, names=job.names, dataset=job.contract.dataset, batch_id=batch_id)
        job.attempt([batch_id], partial(_moved, job, batch), objects=batch.objects)


def _moved(job: Job, batch: Batch) -> Done:
    counted = asdict(stage_to_raw(job.spark, job.contract, batch, names=job.names, catalog=job.catalog))
    unexpected = counted.pop("unexpected")
    counts = {batch.batch_id: counted}
    results = gates.evaluate_batches(job, counts, has_erasures=bool(batch.erased))
    return Done(counts=counts, results=results, unexpected=unexpected)


def stage_to_raw(
    spark: "SparkSession", contract: Contract, batch: Batch, *, names: Names, catalog: "Catalog"
) -> Counts:
    """Write a batch to the raw table of its dataset; it replaces rows that an earlier attempt wrote.

    After a commit conflict, the objects are read again and the commit is repeated.

    Args:
        spark: session of any engine.
        contract: the dataset.
        batch: the batch.
        names: names of the deployment.
        catalog: Iceberg catalog.

    Returns:
        Counts of the batch's rows in the table.

    Raises:
        LakehouseError: an object is gone or changed, or every commit was in conflict; the table is unchanged.
    """
    from pyspark.sql.functions import col, count, expr, lit

    from lakehouse.engine import commits

    table = f"{names.database(Zone.RAW)}.{contract.dataset}"
    rows = (
        read_objects(spark, contract, batch.objects)
        .withColumn(BATCH_ID, lit(batch.batch_id))
        .withColumn(INGESTED_AT, lit(datetime.now(UTC)))
    )

    def write() -> None:
        # One action of the engine reads the objects, writes the rows and commits them.
        base = commits.base_of(catalog.load_table(table))
        commits.replace(rows, base, where=col(BATCH_ID) == batch.batch_id)

    try:
        with tracing.span("write"):
            commit_conflicts.retry_on_conflict(write, subject=batch.batch_id)
    except engine_errors() as error:
        # An error of a worker arrives as text that begins with its traceback.
        raised = re.search(rf"{LakehouseError.__module__}\.{LakehouseError.__name__}: (.+)", str(error))
        if raised is None:
            raise
        raise LakehouseError(f"{batch.batch_id}: {raised[1]}") from error
    written = spark.table(table).where(col(BATCH_ID) == batch.batch_id)
    with tracing.span("count"):
        # A record that causes such an error has no other reason.
        unexpected = expr(f"count_if({ERRORS}[0].reason LIKE '{UNEXPECTED}%')").alias("unexpected")
        counted = written.agg(count(lit(1)).alias("received"), count(ERRORS).alias("rejected"), unexpected).first()
    assert counted is not None  # an aggregate of no group has one row
    return Counts(
        received=counted["received"],
        accepted=counted["received"] - counted["rejected"],
        rejected=counted["rejected"],
        objects=len(batch.objects),
        bytes=batch.size,
        unexpected=counted["unexpected"],
    )


def read_objects(spark: "SparkSession", contract: Contract, objects: Iterable[StageObject]) -> "DataFrame":
    """Return a DataFrame of the rows of stage objects; the engine's workers read them."""
    cores = _cores(spark)
    groups = spread(objects, cores=cores)
    read_group = partial(_read_groups, contract=contract, groups=groups, threads=max(1, cores // len(groups)))
    ddl = ", ".join(
        [
            *(f"`{column.name}` {column.type.spark}" for column in row_columns(contract)),
            *([f"{CLEANSED} array<string>"] if contract.is_cleansed else []),
            f"{ERRORS} array<struct<column:string,reason:string>>",
            f"{RECORD} string",
            f"{SOURCE_FILE} string",
            f"{SOURCE_ROW} bigint",
        ]
    )
    # Each partition has one row, the number of a group. No engine distributes rows exactly in any other way.
    return spark.range(0, len(groups), 1, len(groups)).mapInArrow(read_group, ddl)


def _read_groups(
    numbers: Iterable[pa.RecordBatch], *, contract: Contract, groups: list[list[StageObject]], threads: int
) -> Iterator[pa.RecordBatch]:
    s3 = boto3.client("s3")
    for batch in numbers:
        for number in batch.column(0).to_pylist():
            yield from read(contract, groups[number], fetch=partial(fetch, s3), threads=threads)


def spread(objects: Iterable[StageObject], *, cores: int) -> list[list[StageObject]]:
    """Put objects into groups of about the same size, enough for all cores but without tiny files.

    Args:
        objects: any number of objects.
        cores: how many groups are read at a time.

    Returns:
        At least one group; objects of a group are in their original order.
    """
    objects = list(objects)
    size = sum(stage_object.size for stage_object in objects)
    count = max(ceil(size / MOST_BYTES), min(cores, ceil(size / LEAST_BYTES)))
    groups: list[list[int]] = [[] for _ in range(max(1, min(count, len(objects))))]
    smallest = [(0, number) for number in range(len(groups))]
    for index in sorted(range(len(objects)), key=lambda index: -objects[index].size):
        weight, number = smallest[0]
        groups[number].append(index)
        heapreplace(smallest, (weight + objects[index].size, number))
    return [[objects[index] for index in sorted(group)] for group in groups]


def _cores(spark: "SparkSession") -> int:
    from pyspark.sql.utils import is_remote

    # A Spark Connect client cannot ask its server, but the server runs in this process.
    return (os.cpu_count() or 1) if is_remote() else spark.sparkContext.defaultParallelism
