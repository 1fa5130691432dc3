"""What a request needs in other services: keys of encrypted data, and roles that it passes to a service.

Source: Amazon S3 user guide, "Using server-side encryption with AWS KMS keys"; SQS developer guide, "Key management";
SNS developer guide, "Managing encryption keys"; Secrets Manager user guide, "Secret encryption and decryption"; Kinesis
developer guide, "Permissions to use user-generated KMS keys"; IAM user guide, "Grant permissions to pass a role".
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ministack.services import kms, s3  # type: ignore[import-untyped]

from emulator.runtime.authorization import keys
from emulator.runtime.authorization.requests import Request
from emulator.runtime.authorization.resources import Check

KEY = "x-amz-server-side-encryption-aws-kms-key-id"

PASSED_TO = {
    "airflow": "airflow.amazonaws.com",
    "cloudformation": "cloudformation.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "dms": "dms.amazonaws.com",
    "events": "events.amazonaws.com",
    "firehose": "firehose.amazonaws.com",
    "glue": "glue.amazonaws.com",
    "lakeformation": "lakeformation.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "states": "states.amazonaws.com",
}
"""For each service that works in a role: the service principal to which a request passes the role."""

ROLE_MEMBERS = frozenset(
    {
        *("Role", "RoleArn", "RoleARN", "roleArn", "role", "serviceRole", "ExecutionRoleArn", "executionRoleArn"),
        *("ServiceAccessRoleArn", "SecretsManagerAccessRoleArn", "CloudWatchLogsRoleArn", "IAMRoleARN"),
    }
)

_DECRYPT, _ENCRYPT = ("kms:Decrypt",), ("kms:GenerateDataKey", "kms:Decrypt")


def checks(request: Request) -> Iterator[Check]:
    """Yield the checks that other services make for a request."""
    finder = _FINDERS.get(request.service)
    if finder is not None:
        yield from finder(request)
    service = PASSED_TO.get(request.service)
    if service is not None and request.method in ("POST", "PUT", "PATCH"):
        passed = {"iam:passedtoservice": service}
        for role in sorted(set(_roles(request))):
            yield Check(action="iam:PassRole", resource=role, keys=passed)


def _roles(request: Request) -> Iterator[str]:
    if request.service == "cloudformation":
        if role := request.form.get("RoleARN"):
            yield role
    else:
        for value in _members(request.json):
            if value.startswith("arn:") and ":role/" in value:
                yield value
            elif request.operation in ("CreateJob", "UpdateJob"):
                yield f"arn:aws:iam::{request.account}:role/{value}"


def _members(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name in ROLE_MEMBERS and isinstance(member, str):
                yield member
            else:
                yield from _members(member)
    elif isinstance(value, list):
        for member in value:
            yield from _members(member)


def _key(actions: tuple[str, ...], key: Any, via: str, request: Request, **context: str) -> Iterator[Check]:
    """Yield the checks of a customer's key; an AWS managed key is open to all callers of its service."""
    record = kms._resolve_key(key) if key and "alias/aws/" not in str(key) else None
    if record:
        service = {"kms:viaservice": f"{via}.{request.region}.amazonaws.com", "kms:calleraccount": request.account}
        context = {name.replace("__", ":"): value for name, value in context.items()}
        own = service | keys.encryption_context(context)
        for action in actions:
            yield Check(action=action, resource=str(record["Arn"]), keys=own)


def _s3(request: Request) -> Iterator[Check]:
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not key or request.method not in ("GET", "PUT", "POST"):
        return
    if request.action in ("s3:GetObject", "s3:GetObjectVersion"):
        yield from _stored(bucket, key, request)
    elif request.action == "s3:PutObject":
        if source := request.headers.get("x-amz-copy-source"):
            of, _, what = source.partition("?")[0].lstrip("/").partition("/")
            yield from _stored(of, what, request)
        part = "uploadId" in request.query
        named = request.headers.get(KEY) if not part else None
        algorithm = request.headers.get("x-amz-server-side-encryption")
        default = _default_key(s3._bucket_encryption.get(bucket)) if algorithm in (None, "aws:kms") else None
        actions = _DECRYPT if part else _ENCRYPT[:1] if "uploads" not in request.query else _ENCRYPT
        yield from _key(actions, named or default, "s3", request, aws__s3__arn=f"arn:aws:s3:::{bucket}")


@lru_cache(maxsize=256)
def _default_key(configuration: bytes | str | None) -> str | None:
    """Return the key of a bucket's encryption configuration."""
    elements = s3.fromstring(configuration).iter() if configuration else ()
    return next((element.text for element in elements if element.tag.endswith("KMSMasterKeyID")), None)


def _stored(bucket: str, key: str, request: Request) -> Iterator[Check]:
    found = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key) or {}
    named = found.get("preserved_headers", {}).get(KEY)
    yield from _key(_DECRYPT, named, "s3", request, aws__s3__arn=f"arn:aws:s3:::{bucket}")


def _sqs(request: Request) -> Iterator[Check]:
    from ministack.services import sqs

    actions = {"SendMessage": _ENCRYPT, "SendMessageBatch": _ENCRYPT, "ReceiveMessage": _DECRYPT}
    if request.operation in actions:
        name = request.parameter("QueueUrl").rpartition("/")[2]
        queue = sqs._queue_by_arn(request.arn(name)) or {}
        key = queue.get("attributes", {}).get("KmsMasterKeyId")
        yield from _key(actions[request.operation], key, "sqs", request, aws__sqs__arn=request.arn(name))


def _sns(request: Request) -> Iterator[Check]:
    from ministack.services import sns

    if request.operation in ("Publish", "PublishBatch"):
        arn = request.parameter("TopicArn", "TargetArn")
        topic = sns._topic_by_arn_any_scope(arn) or {}
        key = topic.get("attributes", {}).get("KmsMasterKeyId")
        yield from _key(_ENCRYPT, key, "sns", request, aws__sns__topicArn=arn)


def _secrets(request: Request) -> Iterator[Check]:
    from ministack.services import secretsmanager

    actions = {"GetSecretValue": _DECRYPT, "PutSecretValue": _ENCRYPT, "UpdateSecret": _ENCRYPT}
    if request.operation in actions:
        _, secret = secretsmanager._resolve(request.parameter("SecretId"))
        if secret:
            yield from _key(
                actions[request.operation], secret.get("KmsKeyId"), "secretsmanager", request, SecretARN=secret["ARN"]
            )


def _kinesis(request: Request) -> Iterator[Check]:
    from ministack.services import kinesis

    actions = {"PutRecord": _ENCRYPT[:1], "PutRecords": _ENCRYPT[:1], "GetRecords": _DECRYPT}
    if request.operation in actions:
        _, stream = kinesis._resolve_stream(request.json)
        if stream:
            arn = stream["StreamARN"]
            yield from _key(actions[request.operation], stream.get("KeyId"), "kinesis", request, aws__kinesis__arn=arn)


_FINDERS = {"s3": _s3, "sqs": _sqs, "sns": _sns, "secretsmanager": _secrets, "kinesis": _kinesis}
