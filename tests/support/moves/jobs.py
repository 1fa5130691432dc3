"""Jobs on datasets of a test's own, in a deployment that has the tables they need and no stack."""

from typing import Any

import boto3

from emulator.runtime.server_lifecycle import Server
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.engine.session import spark
from lakehouse.moves.job import Job
from lakehouse.names import Move, Names, Zone
from lakehouse.tables import definition, migrations, ops, windows
from tests.support.moves.planned import plan_batch


def deployment(aws: Server, *, project: str) -> Names:
    """Buckets, databases and ops tables under a project's names."""
    names = Names(environment="dev", account=aws.account, region=aws.region, project=project)
    s3: Any = boto3.client("s3")
    opened = catalog.load()
    for zone in (Zone.STAGE, Zone.RAW, Zone.INTEGRATION):
        s3.create_bucket(Bucket=names.bucket(zone), CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_bucket_versioning(Bucket=names.bucket(Zone.STAGE), VersioningConfiguration={"Status": "Enabled"})
    for database in (names.database(Zone.RAW), names.database(Zone.INTEGRATION), names.ops_database):
        opened.create_namespace(database)
    for table in ops.definitions(names=names):
        migrations.create(opened, table)
    return names


def job_on(contract: Contract, *, names: Names) -> Job:
    """A run on a new dataset."""
    opened = catalog.load()
    for table in (*definition.of_contracts([contract], names=names), *windows.of_contracts([contract], names=names)):
        migrations.migrate_table(opened, table)
    return Job(
        move=Move.STAGE_TO_RAW,
        names=names,
        contract=contract,
        batch_ids=(),
        run_id="jr_1",
        catalog=opened,
        spark=spark(),
    )


def arrive(job: Job, body: str) -> str:
    """Put a file into stage; returns the id of the batch that it is planned in."""
    s3 = boto3.client("s3")
    key = f"{job.contract.stage_prefix}file.csv"
    s3.put_object(Bucket=job.names.bucket(Zone.STAGE), Key=key, Body=body.encode())
    batch = plan_batch(s3, names=job.names, contract=job.contract)
    assert batch is not None
    return batch.batch_id
