"""The decisions that an emulator recorded, and the policies of its account."""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from emulator.runtime.authorization.records import FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision of the emulator; its members are those of `emulator.runtime.authorization.records`."""

    principal: str
    kind: str
    account: str
    role: str | None
    action: str
    resource: str
    keys: Mapping[str, Any]
    allowed: bool
    reason: str
    statements: tuple[str, ...]
    granting: tuple[str, ...]
    alone: bool


def recorded(root: Path) -> list[Recorded]:
    """Return the distinct decisions of the server in a root folder."""
    lines = (root / FILE).read_text().splitlines()
    found = (json.loads(line) for line in lines)
    return [Recorded(**{**line, "granting": tuple(line["granting"])}) for line in found]


def identity_policies() -> dict[str, dict[str, str]]:
    """Return the documents of each role of the account by name, as the emulator names its policies."""
    pages = boto3.client("iam").get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
    policies: dict[str, dict[str, str]] = {}
    for page in pages:
        for role in page["RoleDetailList"]:
            inline = {f"inline/{own['PolicyName']}": _text(own["PolicyDocument"]) for own in role["RolePolicyList"]}
            attached = [policy["PolicyArn"] for policy in role["AttachedManagedPolicies"]]
            policies[role["Arn"]] = inline | {arn: _managed(arn) for arn in attached}
    return policies


@functools.cache
def _managed(arn: str) -> str:
    iam = boto3.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _text(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def resource_policy(recorded: Recorded) -> str | None:
    """Return the policy of the resource of a decision; None if it has none."""
    service, name = recorded.action.partition(":")[0], recorded.resource.rpartition(":")[2]
    try:
        return next(_resource_policies(service, recorded.resource, name), None)
    except ClientError:
        return None


def _resource_policies(service: str, arn: str, name: str) -> Iterator[str]:
    if service == "s3" and name != "*":
        yield boto3.client("s3").get_bucket_policy(Bucket=name.partition("/")[0])["Policy"]
    elif service == "kms":
        yield boto3.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    elif service == "sns":
        yield boto3.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    elif service == "sqs":
        sqs = boto3.client("sqs")
        attributes = sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], AttributeNames=["All"]
        )
        if "Policy" in attributes["Attributes"]:
            yield attributes["Attributes"]["Policy"]
    elif service == "sts" and ":role/" in arn:
        yield _text(boto3.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"])


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
