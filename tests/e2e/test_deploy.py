"""The stacks in the embedded AWS, by the real CDK CLI: deployed, unchanged by a second deploy, gone when destroyed."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from lakehouse.names import Move, Names, Zone
from local import cdk, embedded

pytestmark = pytest.mark.e2e

PARTS = ("storage", "catalog", "processing", "analytics", "network", "ingestion")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Server]:
    root = tmp_path_factory.mktemp("deploy")
    yield embedded.up(root)
    embedded.down(root)


@pytest.fixture(scope="module")
def names(server: embedded.Server) -> Names:
    return Names(environment="dev", account=server.account, region=server.region)


@pytest.fixture
def session(server: embedded.Server, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    for name, value in embedded.environment(server).items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


def states(session: boto3.Session) -> dict[str, str]:
    """Status of every stack but the bootstrap's."""
    stacks = session.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackName"] != "CDKToolkit"}


def test_deploy_again_diff_destroy(server: embedded.Server, session: boto3.Session, names: Names) -> None:
    stacks = {names.stack(part) for part in PARTS}

    cdk.deploy(server)
    assert states(session) == dict.fromkeys(stacks, "CREATE_COMPLETE")
    check_resources(session, names)

    # The same assembly again: sources that change while this test runs are no change of the stacks.
    assembly = ("--app", str(server.root / "cdk.out"))
    again = cdk.run(server, "deploy", "--all", *assembly, "--require-approval", "never", "--concurrency", "4")
    assert {line.split()[1] for line in again.splitlines() if line.endswith("(no changes)")} == stacks

    difference = cdk.run(server, "diff", *assembly, "--fail")
    assert difference.count("There were no differences") == len(stacks)

    # A bucket that holds data, old versions of it included, is no obstacle in an environment that gives up its data.
    s3 = session.client("s3")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=names.bucket(Zone.RAW), Key="sales/orders", Body=body)
    cdk.run(server, "destroy", "--all", *assembly, "--force")
    assert states(session) == {}
    assert not [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"].startswith(names.prefix)]


def check_resources(session: boto3.Session, names: Names) -> None:
    """What was deployed is there, under its names and as the templates say."""
    glue: Any = session.client("glue")
    for move in Move:
        job = glue.get_job(JobName=names.job(move))["Job"]
        assert head(session, job["Command"]["ScriptLocation"]) > 0
        assert head(session, job["DefaultArguments"]["--additional-python-modules"]) > 0
        assert job["DefaultArguments"]["--contracts"] == names.contracts_uri
    databases = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    assert {names.database(zone) for zone in Zone if zone is not Zone.STAGE} | {names.ops_database} <= databases
    workgroup = session.client("athena").get_work_group(WorkGroup=names.workgroup)["WorkGroup"]
    assert workgroup["Configuration"]["EnforceWorkGroupConfiguration"] is True
    versioning = session.client("s3").get_bucket_versioning(Bucket=names.bucket(Zone.STAGE))
    assert versioning["Status"] == "Enabled"
    secret = session.client("secretsmanager").get_secret_value(SecretId=names.source_secret(source="shop"))
    assert set(json.loads(secret["SecretString"])) == {"host", "port", "username", "password"}
    replications = session.client("dms").describe_replication_configs()["ReplicationConfigs"]
    assert [item["ReplicationConfigIdentifier"] for item in replications] == [names.replication(source="shop")]


def head(session: boto3.Session, uri: str) -> int:
    """Size in bytes of an object."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return session.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"]
