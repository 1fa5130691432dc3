"""The lakehouse on this machine: the emulator with the real stacks, the sources, and the replication between them."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from emulator.replicator.progress import wait_until_caught_up
from emulator.replicator.task import slot_name
from emulator.runtime import server_lifecycle
from lakehouse.contracts.model import Contract
from lakehouse.engine import catalog
from lakehouse.errors import LakehouseError
from lakehouse.governance import lake_formation
from lakehouse.names import Names
from lakehouse.settings import names_of
from lakehouse.tables import migrations
from local import cdk, emulator_server
from local.airflow import lifecycle
from local.profiles import acting_as
from local.sources import postgres, rates_api
from local.sources.postgres import Database

if TYPE_CHECKING:
    from mypy_boto3_dms.type_defs import FilterTypeDef

ENVIRONMENT = "dev"
SOURCE = "shop"
"""The source that the contracts of the sales domain name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lake:
    """A lakehouse on this machine.

    Attributes:
        server: the emulator.
        database: the source database.
        bank: the bank's API.
        names: names of AWS resources.
    """

    server: server_lifecycle.Server
    database: Database
    bank: rates_api.Api
    names: Names


def up(root: Path) -> Lake:
    """Start the emulator, PostgreSQL and the bank's API, and point this process's AWS clients at the emulator."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        database = pool.submit(postgres.start, root)
        bank = rates_api.start(root)
        server = emulator_server.start(root)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(server_lifecycle.environment(server))
        return Lake(server=server, database=database.result(), bank=bank, names=names_of(ENVIRONMENT))


def down(root: Path) -> None:
    """Stop the emulator, the sources, and Airflow if it runs; the data stays."""
    lifecycle.down(root)
    server_lifecycle.down(root)
    postgres.stop(root)
    rates_api.stop(root)


def deploy(lake: Lake, contracts: Sequence[Contract], *context: str) -> None:
    """Deploy the stacks with the CDK CLI, create and classify the tables, and store the secrets of the sources.

    Args:
        lake: the started lake.
        contracts: contracts of the datasets.
        context: values that replace those of cdk.json, as in `local.cdk.deploy`.
    """
    cdk.deploy(lake.server, *context)
    with acting_as(lake.server, "tables"):
        migrations.apply(catalog.load(), contracts, lake.names)
        lake_formation.apply(boto3.client("lakeformation"), contracts, names=lake.names)
    secrets = {SOURCE: lake.database.secret, rates_api.SOURCE: lake.bank.secret}
    for source in {contract.source.name for contract in contracts} & secrets.keys():
        boto3.client("secretsmanager").put_secret_value(
            SecretId=lake.names.source_secret(source=source), SecretString=json.dumps(secrets[source])
        )


def replicate(lake: Lake) -> None:
    """Start the replication of the source database, as in production, and wait until it runs.

    Raises:
        LakehouseError: the replication failed; the message has its reason.
    """
    dms = boto3.client("dms")
    by_name: list[FilterTypeDef] = [
        {"Name": "replication-config-id", "Values": [lake.names.replication(source=SOURCE)]}
    ]
    (config,) = dms.describe_replication_configs(Filters=by_name)["ReplicationConfigs"]
    dms.start_replication(ReplicationConfigArn=config["ReplicationConfigArn"], StartReplicationType="start-replication")
    while (replication := dms.describe_replications(Filters=by_name)["Replications"][0])["Status"] != "running":
        if replication["Status"] in ("failed", "stopped"):
            reasons = "; ".join(replication.get("FailureMessages", [])) or "no reason given"
            raise LakehouseError(f"replication of {SOURCE} {replication['Status']}: {reasons}")
        time.sleep(0.05)


def catch_up(lake: Lake) -> None:
    """Wait until everything that is committed in the source database is in stage.

    Raises:
        LakehouseError: it took too long; the message has the position of the replication.
    """
    try:
        wait_until_caught_up(lake.database.conninfo, slot=slot_name(lake.names.replication(source=SOURCE)))
    except TimeoutError as error:
        raise LakehouseError(str(error)) from error
