"""Step Functions of the emulator: a `.sync` task waits for a Glue job or a build that really runs."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import make_role

BUCKET = "step-functions-code"

Execute = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def bucket(aws: server_lifecycle.Server) -> str:
    boto3.client("s3").create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": aws.region},  # type: ignore[typeddict-item]
    )
    return BUCKET


@pytest.fixture
def execute(aws: server_lifecycle.Server, request: pytest.FixtureRequest) -> Execute:
    """Runs one task as a state machine of its own, and returns the ended execution."""

    def run(resource: str, **arguments: Any) -> dict[str, Any]:
        client: Any = boto3.client("stepfunctions")
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True}
        definition = {"QueryLanguage": "JSONata", "StartAt": "Task", "States": {"Task": task}}
        name = f"{request.node.name}-{time.monotonic_ns()}"[-80:].replace("[", "").replace("]", "")
        machine = client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=make_role("r"))
        execution = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.05)
        return dict(found)

    return run


@pytest.fixture
def job(bucket: str, request: pytest.FixtureRequest) -> Callable[[str], str]:
    def make(script: str) -> str:
        name = request.node.name
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/{name}.py"}
        boto3.client("glue").create_job(Name=name, Role=make_role("r"), Command=command)  # type: ignore[arg-type]
        return name

    return make


def test_it_waits_for_a_job_and_passes_its_arguments_and_capacity(execute: Execute, job: Callable[[str], str]) -> None:
    script = "import sys; sys.exit(0 if 'orders' in sys.argv else 'no dataset')"
    name = job(script)
    capacity = {"WorkerType": "G.2X", "NumberOfWorkers": 20, "Timeout": 240}
    done = execute("glue:startJobRun.sync", JobName=name, Arguments={"--dataset": "orders"}, **capacity)
    assert done["status"] == "SUCCEEDED", done
    run = json.loads(done["output"])
    assert run["JobRunState"] == "SUCCEEDED"
    assert {key: run[key] for key in capacity} == capacity


def test_a_job_that_fails_fails_its_task_with_the_run(execute: Execute, job: Callable[[str], str]) -> None:
    done = execute("glue:startJobRun.sync", JobName=job("raise OSError('disk is full')"))
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(done["cause"])["ErrorMessage"] == "OSError: disk is full"


def test_an_error_of_the_service_has_its_name(execute: Execute) -> None:
    done = execute("glue:startJobRun.sync", JobName="nobodys-job")
    assert (done["status"], done["error"]) == ("FAILED", "Glue.EntityNotFoundException")


@pytest.fixture
def project(bucket: str, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A CodeBuild project of one file and one command."""

    def make(command: str) -> str:
        name = request.node.name
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("data/word.txt", "from the source")
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{name}.zip", Body=archive.getvalue())
        spec = {"install": {"commands": ["exit 1"]}, "build": {"commands": ["word=$(cat data/word.txt)", command]}}
        client: Any = boto3.client("codebuild")
        client.create_project(
            name=name,
            source={
                "type": "S3",
                "location": f"{bucket}/{name}.zip",
                "buildspec": json.dumps({"version": 0.2, "phases": spec}),
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "ARM_CONTAINER",
                "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": [{"name": "GREETING", "value": "hello"}],
            },
            serviceRole=make_role("r"),
            logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": f"/builds/{name}"}},
        )
        return name

    return make


def printed(name: str, build: dict[str, Any]) -> list[str]:
    stream = build["Id"].rpartition(":")[2]
    logs = boto3.client("logs")
    events = logs.get_log_events(logGroupName=f"/builds/{name}", logStreamName=stream, startFromHead=True)["events"]
    return [event["message"] for event in events]


def test_it_waits_for_a_build_that_runs_where_its_source_is(execute: Execute, project: Callable[[str], str]) -> None:
    caller = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    name = project(f'echo "$GREETING $word"; python -c "{caller}"')
    done = execute("codebuild:startBuild.sync", ProjectName=name)
    assert done["status"] == "SUCCEEDED", done
    build = json.loads(done["output"])["Build"]
    assert build["BuildStatus"] == "SUCCEEDED"
    assert printed(name, build) == ["hello from the source", "arn:aws:sts::000000000000:assumed-role/r/AWSCodeBuild"]


def test_a_build_that_fails_fails_its_task(execute: Execute, project: Callable[[str], str]) -> None:
    done = execute("codebuild:startBuild.sync", ProjectName=project("echo broken; exit 3; echo not reached"))
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(done["cause"])["buildStatus"] == "FAILED"
