"""What stands around Airflow in the emulator: environment, packages, and the content of its bucket."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import make_role

BUCKET = "airflow-content"


@pytest.fixture(scope="module")
def s3(aws: server_lifecycle.Server) -> Any:
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.region})
    return client


def archive(s3: Any, key: str, **files: str) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files.items():
            file.writestr(f"{name}.txt", text)
    s3.put_object(Bucket=BUCKET, Key=key, Body=content.getvalue())
    return key


@pytest.fixture
def stack(aws: server_lifecycle.Server, request: pytest.FixtureRequest) -> Iterator[Any]:
    client = boto3.client("cloudformation")
    name = request.node.name.replace("_", "-")
    change: Any = client.create_stack

    def deploy(resources: dict[str, Any]) -> str:
        nonlocal change
        change(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        change = client.update_stack
        return client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

    yield deploy
    client.delete_stack(StackName=name)


def deployment(key: str, *, prefix: str, prune: bool, markers: dict[str, str] | None = None) -> dict[str, Any]:
    properties = {
        "ServiceToken": "arn:aws:lambda:eu-central-1:000000000000:function:cdk",
        "SourceBucketNames": [BUCKET],
        "SourceObjectKeys": [key],
        "SourceMarkers": [markers or {}],
        "DestinationBucketName": BUCKET,
        "DestinationBucketKeyPrefix": prefix,
        "Prune": prune,
    }
    return {"Content": {"Type": "Custom::CDKBucketDeployment", "Properties": properties}}


def keys(s3: Any, prefix: str) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]


def test_a_deployment_puts_files_replaces_markers_and_prunes(s3: Any, stack: Any) -> None:
    first = archive(s3, "first.zip", a="account <<1>>", b="b")
    assert stack(deployment(first, prefix="dags", prune=True, markers={"<<1>>": "123"})) == "CREATE_COMPLETE"
    assert keys(s3, "dags/") == ["dags/a.txt", "dags/b.txt"]
    assert s3.get_object(Bucket=BUCKET, Key="dags/a.txt")["Body"].read() == b"account 123"

    second = archive(s3, "second.zip", b="new")
    assert stack(deployment(second, prefix="dags", prune=True)) == "UPDATE_COMPLETE"
    assert keys(s3, "dags/") == ["dags/b.txt"]

    stack(deployment(first, prefix="dags", prune=False))
    stack(deployment(second, prefix="dags", prune=False))
    assert keys(s3, "dags/") == ["dags/a.txt", "dags/b.txt"]


@pytest.fixture
def mwaa(aws: server_lifecycle.Server) -> Any:
    # Its SDK would put `api.` before 127.0.0.1.
    return boto3.client("mwaa", config=Config(inject_host_prefix=False))


def test_an_environment_needs_its_files_and_keeps_what_it_was_told(s3: Any, mwaa: Any) -> None:
    request = {
        "Name": "flows",
        "AirflowVersion": "3.2.1",
        "DagS3Path": "dags",
        "ExecutionRoleArn": make_role("airflow"),
        "SourceBucketArn": f"arn:aws:s3:::{BUCKET}",
        "NetworkConfiguration": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
        "RequirementsS3Path": "environment/1/requirements.txt",
        "StartupScriptS3Path": "environment/1/startup.sh",
    }
    with pytest.raises(ClientError, match=r"Unable to read environment/1/requirements.txt"):
        mwaa.create_environment(**request)
    for version in (1, 2):
        for file in ("requirements.txt", "startup.sh"):
            s3.put_object(Bucket=BUCKET, Key=f"environment/{version}/{file}", Body=b"x")
    mwaa.create_environment(**request)
    found = mwaa.get_environment(Name="flows")["Environment"]
    assert {name: found[name] for name in request} == request

    mwaa.update_environment(Name="flows", RequirementsS3Path="environment/2/requirements.txt", MaxWorkers=7)
    found = mwaa.get_environment(Name="flows")["Environment"]
    assert (found["RequirementsS3Path"], found["MaxWorkers"]) == ("environment/2/requirements.txt", 7)
    assert found["NetworkConfiguration"] == request["NetworkConfiguration"]
    mwaa.delete_environment(Name="flows")


def test_packages_are_recorded(aws: server_lifecycle.Server) -> None:
    codeartifact = boto3.client("codeartifact")
    place = {"domain": "recorded", "repository": "pypi"}
    codeartifact.create_domain(domain="recorded")
    with pytest.raises(codeartifact.exceptions.ConflictException):
        codeartifact.create_domain(domain="recorded")
    token = codeartifact.get_authorization_token(domain="recorded", durationSeconds=900)
    assert len(token["authorizationToken"]) > 32
    assert 890 < token["expiration"].timestamp() - time.time() <= 900
    with pytest.raises(codeartifact.exceptions.ResourceNotFoundException):
        codeartifact.get_authorization_token(domain="missing")
    codeartifact.create_repository(**place)
    codeartifact.associate_external_connection(**place, externalConnection="public:pypi")
    [connection] = codeartifact.describe_repository(**place)["repository"]["externalConnections"]
    assert (connection["externalConnectionName"], connection["packageFormat"]) == ("public:pypi", "pypi")
    with pytest.raises(codeartifact.exceptions.ConflictException):
        codeartifact.delete_domain(domain="recorded")
    codeartifact.delete_repository(**place)
    assert codeartifact.delete_domain(domain="recorded")["domain"]["status"] == "Deleted"
    with pytest.raises(codeartifact.exceptions.ResourceNotFoundException):
        codeartifact.describe_domain(domain="recorded")
