"""Who calls: each service acts as the role that its resource names, and a key has the principal that it was issued to.

`GetCallerIdentity` answers with the ARN of the caller, from inside a job run and a function.
"""

import io
import json
import time
import zipfile
from typing import Any

import boto3
import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import ALL, TRUST

BUCKET = "callers-code"
CALLER = "import boto3\ndef caller(): return boto3.client('sts').get_caller_identity()['Arn']\n"


@pytest.fixture(scope="module")
def bucket(aws: server_lifecycle.Server) -> str:
    location: Any = {"LocationConstraint": aws.region}
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    return BUCKET


@pytest.fixture(scope="module")
def role(aws: server_lifecycle.Server) -> str:
    iam = boto3.client("iam")
    answer = iam.create_role(RoleName="caller", Path="/team/", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="caller", PolicyName="all", PolicyDocument=json.dumps(ALL))
    return answer["Role"]["Arn"]


def identity(**keys: str) -> str:
    return str(boto3.client("sts", **keys).get_caller_identity()["Arn"])  # type: ignore[call-overload]


def keys_of(answer: Any) -> dict[str, str]:
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }


def test_an_account_number_is_its_root_user(aws: server_lifecycle.Server) -> None:
    keys = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "local"}
    assert identity(**keys) == "arn:aws:iam::123456789012:root"


def test_a_session_has_the_arn_of_its_role(role: str) -> None:
    answer = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="me")
    assert identity(**keys_of(answer["Credentials"])) == "arn:aws:sts::000000000000:assumed-role/caller/me"


def test_a_key_of_a_user_works_in_the_account_of_the_user(aws: server_lifecycle.Server) -> None:
    elsewhere: Any = {"aws_access_key_id": "210987654321", "aws_secret_access_key": "local"}
    iam = boto3.client("iam", **elsewhere)
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(ALL))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    own: Any = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    assert identity(**own) == "arn:aws:iam::210987654321:user/ann"
    boto3.client("sqs", **own).create_queue(QueueName="of-ann")
    assert "210987654321" in boto3.client("sqs", **elsewhere).get_queue_url(QueueName="of-ann")["QueueUrl"]


def test_a_job_run_acts_as_the_role_of_its_job(bucket: str, role: str) -> None:
    script = CALLER + f"boto3.client('s3').put_object(Bucket='{bucket}', Key='who', Body=caller().encode())"
    boto3.client("s3").put_object(Bucket=bucket, Key="who.py", Body=script.encode())
    glue = boto3.client("glue")
    command: Any = {"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/who.py"}
    glue.create_job(Name="who", Role=role, Command=command)
    run = glue.start_job_run(JobName="who")["JobRunId"]
    while (found := glue.get_job_run(JobName="who", RunId=run)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
        time.sleep(0.1)
    assert found["JobRunState"] == "SUCCEEDED", found
    body = boto3.client("s3").get_object(Bucket=bucket, Key="who")["Body"].read()
    assert body == b"arn:aws:sts::000000000000:assumed-role/caller/GlueJobRunnerSession"


def test_a_function_acts_as_its_execution_role(role: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", CALLER + "def handler(event, context): return caller()")
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName="who",
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    answer = functions.invoke(FunctionName="who")["Payload"].read()
    assert json.loads(answer) == "arn:aws:sts::000000000000:assumed-role/caller/who"


def test_a_state_machine_calls_services_as_its_role(role: str) -> None:
    client: Any = boto3.client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
        "Arguments": {},
        "End": True,
    }
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Task", "States": {"Task": task}})
    machine = client.create_state_machine(name="who", definition=definition, roleArn=role)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine)["executionArn"]
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.05)
    assert json.loads(found["output"])["Arn"] == "arn:aws:sts::000000000000:assumed-role/caller/StepFunctions"
