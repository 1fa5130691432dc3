"""A replication through the API of DMS, as production starts it."""

import json
import time
from dataclasses import dataclass
from typing import Any

import boto3

from emulator.replicator.progress import wait_until_caught_up
from emulator.replicator.task import slot_name
from lakehouse.contracts.dms import s3_settings
from local.sources.postgres import Database
from tests.support.emulator.callers import make_role
from tests.support.replication import file_replay
from tests.support.replication.replicator import TIMEOUT_S, table_mappings


@dataclass
class Api:
    """Endpoints and a serverless replication of one database."""

    client: Any
    database: Database
    bucket: str
    config: str
    source: str
    target: str

    def start(self, start_type: str = "start-replication") -> None:
        self.client.start_replication(ReplicationConfigArn=self.config, StartReplicationType=start_type)

    def stop(self) -> None:
        self.client.stop_replication(ReplicationConfigArn=self.config)
        self.wait_for("stopped")

    @property
    def replication(self) -> dict[str, Any]:
        condition = {"Name": "replication-config-arn", "Values": [self.config]}
        (found,) = self.client.describe_replications(Filters=[condition])["Replications"]
        return dict(found)

    def wait_for(self, status: str) -> dict[str, Any]:
        deadline = time.monotonic() + TIMEOUT_S
        while (found := self.replication)["Status"] != status:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def catch_up(self) -> None:
        wait_until_caught_up(self.database.conninfo, slot=slot_name(self.database.dbname), timeout_s=TIMEOUT_S)

    def ids(self, table: str) -> list[int]:
        return [record["id"] for record in file_replay.records(self.bucket, f"dms/shop/public/{table}/")]


def make_api(database: Database, bucket: str, *, tables: tuple[str, ...] = ("a", "b")) -> Api:
    """Make the endpoints and the config in the server that the AWS variables name now."""
    client = boto3.client("dms")
    secret = boto3.client("secretsmanager").create_secret(
        Name=f"{database.dbname}-api", SecretString=json.dumps(database.secret)
    )
    role = make_role("dms")
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    source = client.create_endpoint(
        EndpointIdentifier=f"{bucket}-source",
        EndpointType="source",
        EngineName="postgres",
        DatabaseName=database.dbname,
        PostgreSQLSettings={"SecretsManagerSecretId": secret["ARN"], "SecretsManagerAccessRoleArn": role},
    )["Endpoint"]["EndpointArn"]
    target = client.create_endpoint(
        EndpointIdentifier=f"{bucket}-target",
        EndpointType="target",
        EngineName="s3",
        S3Settings={
            **s3_settings(source="shop", bucket=bucket),
            "ServiceAccessRoleArn": role,
            "EncryptionMode": "sse-kms",
            "ServerSideEncryptionKmsKeyId": key,
        },
    )["Endpoint"]["EndpointArn"]
    config = client.create_replication_config(
        ReplicationConfigIdentifier=database.dbname,
        SourceEndpointArn=source,
        TargetEndpointArn=target,
        ComputeConfig={"MaxCapacityUnits": 1},
        ReplicationType="full-load-and-cdc",
        TableMappings=table_mappings(list(tables)),
    )["ReplicationConfig"]["ReplicationConfigArn"]
    return Api(client, database, bucket, config, source, target)
