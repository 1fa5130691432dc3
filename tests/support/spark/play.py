"""Runs the corpus through the jobs' moves on the engine of this process, and writes down every row that came out.

python -m tests.support.spark.play OUT      one Parquet file a table, in an embedded AWS of its own
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from emulator.runtime import server_lifecycle
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.moves import raw_to_integration, stage_to_raw
from lakehouse.names import Move, Names, OpsTable, Zone
from lakehouse.tables import definition, migrations
from tests.support.moves.frames import rows_of
from tests.support.moves.jobs import deployment, job_on
from tests.support.moves.planned import plan_batch
from tests.support.spark.corpus import Files, Play, plays

TIMES = {"_ingested_at", "started_at", "finished_at", "evaluated_at"}
"""Columns that say when it was, which differs."""


def main() -> None:
    out = Path(sys.argv[1])
    with TemporaryDirectory() as folder:
        server = server_lifecycle.up(Path(folder), python=os.environ.get("LOCAL_PYTHON", sys.executable))
        os.environ.update(server_lifecycle.environment(server))
        try:
            names = deployment(server, project="same")
            played = [play_one(play, names=names) for play in plays()]
            write(played, names=names, out=out)
        finally:
            server_lifecycle.down(Path(folder))


def play_one(play: Play, *, names: Names) -> Contract:
    """Bring all batches of a dataset to integration; gives its last contract."""
    first, _ = play.steps[0]
    job = job_on(first, names=names)
    for number, (contract, files) in enumerate(play.steps):
        if contract != job.contract:
            for define in (definition.raw, definition.integration):
                migrations.migrate_table(job.catalog, define(contract, names=names))
        batch_id = arrive(contract, files, names=names, number=number)
        job = replace(job, contract=contract, batch_ids=(batch_id,), move=Move.STAGE_TO_RAW)
        stage_to_raw.run(job)
        raw_to_integration.run(replace(job, move=Move.RAW_TO_INTEGRATION))
    return job.contract


def arrive(contract: Contract, files: Files, *, names: Names, number: int) -> str:
    """Put files into stage; gives the id of the batch that they are planned in."""
    s3 = boto3.client("s3")
    for name, content in files.items():
        key = f"{contract.stage_prefix}{number}-{name}"
        s3.put_object(Bucket=names.bucket(Zone.STAGE), Key=key, Body=content)
    batch = plan_batch(s3, names=names, contract=contract)
    assert batch is not None
    return batch.batch_id


def write(played: list[Contract], *, names: Names, out: Path) -> None:
    for name, rows in results(played, names=names):
        pq.write_table(rows.drop_columns([column for column in rows.column_names if column in TIMES]), out / name)


def results(played: list[Contract], *, names: Names) -> Iterator[tuple[str, pa.Table]]:
    opened = catalog.load()
    for contract in played:
        for zone, define in ((Zone.RAW, definition.raw), (Zone.INTEGRATION, definition.integration)):
            table = opened.load_table(define(contract, names=names).name)
            yield f"{zone}.{contract.dataset}", rows_of(table)
    for table in (OpsTable.BATCHES, OpsTable.QUALITY_RESULTS):
        yield f"ops.{table}", rows_of(opened.load_table((names.ops_database, table)))


if __name__ == "__main__":
    main()
