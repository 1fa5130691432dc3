"""Replications through the API of DMS, as production starts them."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle
from local.sources.postgres import Database
from tests.support.replication import file_replay
from tests.support.replication.api import Api, make_api
from tests.support.replication.replicator import TIMEOUT_S, table_mappings

Source = psycopg.Connection[Any]


@pytest.fixture
def api(database: Database, bucket: str) -> Iterator[Api]:
    made = make_api(database, bucket)
    yield made
    errors = made.client.exceptions
    with suppress(errors.ResourceNotFoundFault, errors.InvalidResourceStateFault):
        made.stop()


def test_a_replication_from_start_to_removal(api: Api, connection: Source) -> None:
    connection.execute("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)")
    connection.execute("CREATE TABLE b (id int); INSERT INTO b VALUES (1)")
    assert api.replication["Status"] == "created"
    api.start()
    with pytest.raises(ClientError, match="InvalidResourceStateFault"):
        api.start()
    api.catch_up()
    connection.execute("INSERT INTO a VALUES (2); UPDATE a SET id = id; DELETE FROM a WHERE id = 1")
    api.catch_up()

    found = api.wait_for("running")
    counts = ("FullLoadProgressPercent", "TablesLoaded", "TablesErrored", "TablesQueued", "TablesLoading")
    assert [found["ReplicationStats"][name] for name in counts] == [100, 2, 0, 0, 0]
    tables = api.client.describe_replication_table_statistics(ReplicationConfigArn=api.config)
    a, b = tables["ReplicationTableStatistics"]
    numbers = ("FullLoadRows", "Inserts", "Updates", "Deletes", "TableState")
    assert [a[name] for name in numbers] == [1, 1, 2, 1, "Table completed"]
    assert (b["TableName"], b["TableState"], b["ValidationState"]) == ("b", "Table completed", "No primary key")
    [message] = found["FailureMessages"]
    assert message.startswith("public.b: since ")
    assert "Z: no replica identity" in message

    for change in (
        lambda: api.client.delete_replication_config(ReplicationConfigArn=api.config),
        lambda: api.client.modify_replication_config(ReplicationConfigArn=api.config, ReplicationType="cdc"),
    ):
        with pytest.raises(ClientError, match="stop it first"):
            change()
    api.stop()
    with pytest.raises(ClientError, match="not running"):
        api.client.stop_replication(ReplicationConfigArn=api.config)
    with pytest.raises(ClientError, match="use resume-processing, or reload-target"):
        api.start()
    connection.execute("INSERT INTO a VALUES (3)")
    api.start("resume-processing")
    api.catch_up()
    assert api.ids("a") == [1, 2, 1, 2, 1, 3]
    (key, *_) = file_replay.keys(api.bucket, "dms/shop/public/a/")
    assert boto3.client("s3").head_object(Bucket=api.bucket, Key=key)["ServerSideEncryption"] == "aws:kms"
    assert api.replication["StartReplicationType"] == "resume-processing"
    api.stop()

    api.client.delete_replication_config(ReplicationConfigArn=api.config)
    deadline = time.monotonic() + TIMEOUT_S
    query = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    while connection.execute(query).fetchone() != (0,):
        assert time.monotonic() < deadline, "the slot would keep the source's log for good"
        time.sleep(0.05)


def test_what_cannot_start_says_why(api: Api) -> None:
    api.client.modify_endpoint(EndpointArn=api.target, S3Settings={"DataFormat": "csv"})
    with pytest.raises(ClientError, match=r"S3Settings\.DataFormat"):
        api.start()
    api.client.modify_endpoint(EndpointArn=api.target, S3Settings={"DataFormat": "parquet"})
    api.start()
    (message,) = api.wait_for("failed")["FailureMessages"]
    assert "no table of the source matches the selection rules" in message


def test_a_task_on_an_instance(api: Api, connection: Source) -> None:
    connection.execute("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)")
    dms = api.client
    instance = dms.create_replication_instance(
        ReplicationInstanceIdentifier=api.bucket, ReplicationInstanceClass="dms.t3.micro"
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    task = dms.create_replication_task(
        ReplicationTaskIdentifier=api.bucket,
        SourceEndpointArn=api.source,
        TargetEndpointArn=api.target,
        ReplicationInstanceArn=instance,
        MigrationType="full-load",
        TableMappings=table_mappings(["a"]),
    )["ReplicationTask"]["ReplicationTaskArn"]
    condition = {"Name": "replication-task-arn", "Values": [task]}
    assert dms.describe_replication_tasks(Filters=[condition])["ReplicationTasks"][0]["Status"] == "ready"
    with pytest.raises(ClientError, match="has tasks"):
        dms.delete_replication_instance(ReplicationInstanceArn=instance)
    dms.start_replication_task(ReplicationTaskArn=task, StartReplicationTaskType="start-replication")
    deadline = time.monotonic() + TIMEOUT_S
    while (found := dms.describe_replication_tasks(Filters=[condition])["ReplicationTasks"][0])["Status"] != "stopped":
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert found["StopReason"] == "Stop Reason FULL_LOAD_ONLY_FINISHED"
    (statistics,) = dms.describe_table_statistics(ReplicationTaskArn=task)["TableStatistics"]
    assert (statistics["TableState"], statistics["FullLoadRows"]) == ("Table completed", 1)
    assert api.ids("a") == [1]
    with pytest.raises(ClientError, match="is used by"):
        dms.delete_endpoint(EndpointArn=api.source)
    dms.delete_replication_task(ReplicationTaskArn=task)
    dms.delete_replication_instance(ReplicationInstanceArn=instance)


def test_a_replication_goes_on_after_its_server_was_killed(
    database: Database, connection: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)")
    server = server_lifecycle.up(tmp_path)
    try:
        for name, value in server_lifecycle.environment(server).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials that it found first
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="killed")
        api = make_api(database, "killed")
        api.start()
        api.catch_up()
        os.kill(server.pid, signal.SIGKILL)
        connection.execute("INSERT INTO a VALUES (2)")
        server = server_lifecycle.up(tmp_path)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        api.catch_up()
        assert api.ids("a") == [1, 2]
    finally:
        server_lifecycle.down(tmp_path)


def test_a_deleted_stack_has_removed_the_slot_before_it_deletes_the_role(api: Api, connection: Source) -> None:
    """Removal reads the source's secret by a role that CloudFormation deletes next."""
    connection.execute("CREATE TABLE a (id int PRIMARY KEY)")
    properties = {
        "SourceEndpointArn": api.source,
        "TargetEndpointArn": api.target,
        "ReplicationType": "cdc",
        "ComputeConfig": {"MaxCapacityUnits": 2},
        "TableMappings": table_mappings(["a"]),
    }
    template = {"Resources": {"Config": {"Type": "AWS::DMS::ReplicationConfig", "Properties": properties}}}
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName=api.bucket, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=api.bucket)
    (resource,) = cloudformation.describe_stack_resources(StackName=api.bucket)["StackResources"]
    of_stack = replace(api, config=resource["PhysicalResourceId"])
    of_stack.start()
    of_stack.wait_for("running")
    of_stack.stop()
    cloudformation.delete_stack(StackName=api.bucket)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=api.bucket)
    query = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    assert connection.execute(query).fetchone() == (0,)
