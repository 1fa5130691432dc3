"""A lakehouse in an AWS account of its own: the embedded AWS keeps what belongs to one access key from the others."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from threading import Lock
from typing import Any

import boto3
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog

from emulator.runtime.server_lifecycle import Server, child_environment, endpoint_environment
from lakehouse.engine.session import CATALOG
from lakehouse.names import Move, Names, Zone
from lakehouse.tables import migrations, ops
from lakehouse.tables.definition import of_contracts
from tests.support.moves.planned import plan_batch
from tests.support.reliability.datasets import CONTRACTS, DATASETS, Files
from tests.support.reliability.job_launcher import REPOSITORY, Launcher, Running

ENVIRONMENT = "dev"
TIMES_AND_IDS = ("_ingested_at", "started_at", "finished_at", "evaluated_at", "run_id")
"""Columns that differ from run to run by their nature."""

_ANYBODYS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
}
"""Bucket policy: a clone's tables read and write the buckets of their template's account."""

Rows = list[dict[str, Any]]
_accounts = count(1)
_making = Lock()
"""Threads share boto3's session, which makes one client at a time."""


@dataclass(frozen=True)
class Lake:
    """One account's buckets and tables."""

    server: Server
    account: str

    @cached_property
    def names(self) -> Names:
        return Names(environment=ENVIRONMENT, account=self.account, region=self.server.region)

    @cached_property
    def catalog(self) -> Catalog:
        who = {"client.access-key-id": self.account, "client.secret-access-key": "local"}
        where = {"client.region": self.server.region, "s3.endpoint": self.server.endpoint}
        return GlueCatalog(CATALOG, self.client("glue"), **who, **where)

    def client(self, service: str) -> Any:
        with _making:
            return boto3.client(
                service,  # type: ignore[call-overload]
                region_name=self.server.region,
                endpoint_url=self.server.endpoint,
                aws_access_key_id=self.account,
                aws_secret_access_key="local",  # noqa: S106 - the embedded AWS asks for none
            )

    @cached_property
    def s3(self) -> Any:
        return self.client("s3")

    @cached_property
    def glue(self) -> Any:
        return self.client("glue")

    def arrive(self, dataset: str, files: Files) -> str:
        """Put files into stage; returns the id of the batch that they are planned in."""
        contract = DATASETS[dataset]
        for name, body in files.items():
            self.s3.put_object(Bucket=self.names.bucket(Zone.STAGE), Key=f"{contract.stage_prefix}{name}", Body=body)
        planned = plan_batch(self.s3, names=self.names, contract=contract)
        assert planned is not None
        return planned.batch_id

    def rows(self, table: str) -> Rows:
        """All rows of a table, `database.table` without the deployment's prefix, in an order of their own."""
        found = self.catalog.load_table(self.table(table)).scan().to_arrow().to_pylist()
        return sorted(found, key=repr)

    def table(self, name: str) -> str:
        zone, _, table = name.partition(".")
        database = self.names.ops_database if zone == "ops" else self.names.database(Zone(zone))
        return f"{database}.{table}"

    def start(
        self, jobs: Launcher, move: Move, dataset: str, *batch_ids: str, endpoint: str | None = None, run: str = "jr_1",
        **variables: str,
    ) -> Running:  # fmt: skip
        """Start a Glue job's script, as Glue would, that reaches AWS at an endpoint."""
        arguments = {
            "environment": ENVIRONMENT,
            "contracts": str(CONTRACTS),
            "dataset": dataset,
            "batch_ids": ",".join(batch_ids),
            "JOB_RUN_ID": run,
        }
        place = endpoint_environment(
            endpoint=endpoint or self.server.endpoint, account=self.account, region=self.server.region
        )
        return jobs.start(
            REPOSITORY / "glue_jobs" / f"{move}.py",
            [part for name, value in arguments.items() for part in (f"--{name}", value)],
            environment=child_environment(self.server) | place | {"LAKEHOUSE_ENGINE": "sail"} | variables,
        )

    def run(self, jobs: Launcher, move: Move, dataset: str, *batch_ids: str, **settings: str) -> Running:
        """The same, to its end, which must be a good one."""
        job = self.start(jobs, move, dataset, *batch_ids, **settings)
        assert job.wait() == 0, job.said
        return job


def create(server: Server, datasets: Iterable[str]) -> Lake:
    """Buckets, databases and tables in a new account."""
    lake = _empty(server)
    for database in (lake.names.database(Zone.RAW), lake.names.database(Zone.INTEGRATION), lake.names.ops_database):
        lake.catalog.create_namespace(database)
    definitions = of_contracts((DATASETS[dataset] for dataset in datasets), names=lake.names)
    for definition in [*definitions, *ops.definitions(names=lake.names)]:
        migrations.create(lake.catalog, definition)
    return lake


def clone(template: Lake) -> Lake:
    """Another account with the same content: its tables begin with the same Iceberg metadata.

    What is written later goes beside the template's files, under names that nobody else uses.
    """
    lake = _empty(template.server)
    for database in (item["Name"] for item in template.glue.get_databases()["DatabaseList"]):
        lake.glue.create_database(DatabaseInput={"Name": database})
        for table in template.glue.get_tables(DatabaseName=database)["TableList"]:
            told = {name: table[name] for name in ("Name", "TableType", "Parameters", "StorageDescriptor")}
            lake.glue.create_table(DatabaseName=database, TableInput=told)
    bucket = template.names.bucket(Zone.RAW)
    for manifest in template.s3.list_objects_v2(Bucket=bucket, Prefix="_batches/").get("Contents", []):
        body = template.s3.get_object(Bucket=bucket, Key=manifest["Key"])["Body"].read()
        lake.s3.put_object(Bucket=lake.names.bucket(Zone.RAW), Key=manifest["Key"], Body=body)
    return lake


@contextmanager
def cloned(template: Lake) -> Iterator[Lake]:
    """A clone whose tables are gone at the end: each change of the catalog saves all of it."""
    lake = clone(template)
    yield lake
    for database in (item["Name"] for item in lake.glue.get_databases()["DatabaseList"]):
        lake.glue.delete_database(Name=database)


def _empty(server: Server) -> Lake:
    lake = Lake(server, f"{next(_accounts):012d}")
    place = {"LocationConstraint": server.region}
    for zone in (Zone.STAGE, Zone.RAW, Zone.INTEGRATION):
        bucket = lake.names.bucket(zone)
        lake.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        lake.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_ANYBODYS))
    lake.s3.put_bucket_versioning(Bucket=lake.names.bucket(Zone.STAGE), VersioningConfiguration={"Status": "Enabled"})
    return lake
