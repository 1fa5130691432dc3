"""The action and the resources of a request: tables from the Service Authorization Reference."""

import json
from typing import Any

import pytest

from emulator.runtime.authorization.requests import LARGE, Request
from emulator.runtime.authorization.resources import checks

ACCOUNT, REGION = "123456789012", "eu-central-1"
OBJECT = "arn:aws:s3:::data/raw/a"
DELETE = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"


def request(service: str, method: str = "POST", path: str = "/", body: bytes = b"", **headers: str) -> Request:
    path, _, query = path.partition("?")
    parts = (part.partition("=") for part in query.split("&") if part)
    return Request(
        service=service,
        method=method,
        path=path,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
        query={name: [value] for name, _, value in parts},
        account=ACCOUNT,
        region=REGION,
    )


def found(made: Request) -> list[tuple[str, str]]:
    return [(check.action, check.resource) for check in checks(made)]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "expected"),
    [
        ("GET", "/", b"", {}, [("s3:ListAllMyBuckets", "*")]),
        ("GET", "/data?list-type=2&prefix=raw/", b"", {}, [("s3:ListBucket", "arn:aws:s3:::data")]),
        ("GET", "/data?versions", b"", {}, [("s3:ListBucketVersions", "arn:aws:s3:::data")]),
        ("HEAD", "/data", b"", {}, [("s3:ListBucket", "arn:aws:s3:::data")]),
        ("GET", "/data/raw/a", b"", {}, [("s3:GetObject", OBJECT)]),
        ("HEAD", "/data/raw/a", b"", {}, [("s3:GetObject", OBJECT)]),
        ("GET", "/data/raw/a?versionId=1", b"", {}, [("s3:GetObjectVersion", OBJECT)]),
        ("PUT", "/data/raw/a", b"", {}, [("s3:PutObject", OBJECT)]),
        ("PUT", "/data/folder/", b"", {}, [("s3:PutObject", "arn:aws:s3:::data/folder/")]),
        ("PUT", "/data/raw/a?partNumber=1&uploadId=u", b"", {}, [("s3:PutObject", OBJECT)]),
        ("DELETE", "/data/raw/a?uploadId=u", b"", {}, [("s3:AbortMultipartUpload", OBJECT)]),
        ("DELETE", "/data/raw/a?versionId=1", b"", {}, [("s3:DeleteObjectVersion", OBJECT)]),
        (
            *("PUT", "/data/raw/a", b"", {"x_amz_tagging": "a=b"}),
            [("s3:PutObject", OBJECT), ("s3:PutObjectTagging", OBJECT)],
        ),
        (
            *("PUT", "/data/raw/a", b"", {"x_amz_copy_source": "/other/b?versionId=1"}),
            [("s3:PutObject", OBJECT), ("s3:GetObjectVersion", "arn:aws:s3:::other/b")],
        ),
        (
            *("POST", "/data?delete", DELETE, {}),
            [("s3:DeleteObject", "arn:aws:s3:::data/a"), ("s3:DeleteObjectVersion", "arn:aws:s3:::data/b")],
        ),
        ("PUT", "/data?policy", b"{}", {}, [("s3:PutBucketPolicy", "arn:aws:s3:::data")]),
    ],
)
def test_s3(method: str, path: str, body: bytes, headers: Any, expected: list[tuple[str, str]]) -> None:
    assert found(request("s3", method, path, body, **headers)) == expected


@pytest.mark.parametrize(
    ("service", "operation", "members", "action", "resource"),
    [
        ("kms", "CreateKey", {}, "kms:CreateKey", "*"),
        ("kms", "Decrypt", {"KeyId": "k"}, "kms:Decrypt", "arn:aws:kms:R:A:key/k"),
        ("logs", "CreateLogGroup", {"logGroupName": "/a"}, "logs:CreateLogGroup", "arn:aws:logs:R:A:log-group:/a:*"),
        (
            *("logs", "PutLogEvents", {"logGroupName": "/a", "logStreamName": "s"}),
            *("logs:PutLogEvents", "arn:aws:logs:R:A:log-group:/a:log-stream:s"),
        ),
        ("states", "StartExecution", {"stateMachineArn": "arn:m"}, "states:StartExecution", "arn:m"),
        ("states", "ListStateMachines", {}, "states:ListStateMachines", "*"),
        ("kinesis", "PutRecord", {"StreamName": "s"}, "kinesis:PutRecord", "arn:aws:kinesis:R:A:stream/s"),
        ("budgets", "CreateBudget", {}, "budgets:ModifyBudget", "*"),
    ],
)
def test_services_of_json(service: str, operation: str, members: Any, action: str, resource: str) -> None:
    made = request(service, body=json.dumps(members).encode(), x_amz_target=f"X.{operation}")
    assert found(made) == [(action, resource.replace(":R:", f":{REGION}:").replace(":A:", f":{ACCOUNT}:"))]


@pytest.mark.parametrize(
    ("service", "form", "action", "resource"),
    [
        ("sns", "Action=Publish&TopicArn=arn%3At", "sns:Publish", "arn:t"),
        ("iam", "Action=GetRole&RoleName=r", "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/r"),
        ("sts", "Action=AssumeRole&RoleArn=arn%3Ar", "sts:AssumeRole", "arn:r"),
    ],
)
def test_services_of_forms(service: str, form: str, action: str, resource: str) -> None:
    made = request(service, body=form.encode(), content_type="application/x-www-form-urlencoded")
    assert found(made) == [(action, resource)]


@pytest.mark.parametrize(
    ("service", "method", "path", "action"),
    [
        ("lambda", "POST", "/2015-03-31/functions/f/invocations", "lambda:InvokeFunction"),
        ("lambda", "DELETE", "/2015-03-31/event-source-mappings/u", "lambda:DeleteEventSourceMapping"),
        ("lakeformation", "POST", "/GrantPermissions", "lakeformation:GrantPermissions"),
        ("scheduler", "POST", "/schedules/s", "scheduler:CreateSchedule"),
        ("codeartifact", "POST", "/v1/domain", "codeartifact:CreateDomain"),
    ],
)
def test_services_of_paths(service: str, method: str, path: str, action: str) -> None:
    assert request(service, method, path).action == action


def test_data_is_not_decoded_and_its_stream_is_found() -> None:
    body = json.dumps({"StreamName": "s", "Records": [{"Data": "x" * LARGE, "PartitionKey": "k"}]}).encode()
    made = request("kinesis", body=body, x_amz_target="X.PutRecords")
    assert found(made) == [("kinesis:PutRecords", f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s")]
    assert "Records" not in made.json
