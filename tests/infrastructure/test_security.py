"""What must hold for every resource of every stack, in every environment and profile, whoever adds it."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from aws_cdk import RemovalPolicy
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from reports.findings import DEPLOYMENTS
from stacks.iam import state_machine, tables
from tests.support.templates.assembly import Assembly, Json, Resource, as_list, policy_statements, text, walk
from tests.support.templates.synthesis import DEV, deployment_settings

CDK_PROVIDERS = ("CustomS3AutoDeleteObjects", "CustomVpcRestrictDefaultSG")
"""Functions of the CDK itself, which run while a stack is made or destroyed, and their roles."""

NO_RESOURCES = {
    "cloudwatch:PutMetricData": [
        {"StringEquals": {"cloudwatch:namespace": namespaces}}
        for namespaces in (
            ["Glue", "lakehouse/ENVIRONMENT"],
            ["AmazonMWAA", "lakehouse/ENVIRONMENT"],
            "Glue",
            "lakehouse/ENVIRONMENT",
        )
    ],
    "sts:GetServiceBearerToken": [{"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}],
    "s3:GetAccountPublicAccessBlock": [None],
    "dms:DescribeReplications": [None],
    "dms:DescribeReplicationTasks": [None],
    "xray:PutTraceSegments": [None],
    "xray:PutSpans": [None],
    "athena:ListWorkGroups": [None],
    "xray:PutTelemetryRecords": [None],
    **{f"logs:{action}": [None] for action in state_machine.LOG_DELIVERY},
    # Lake Formation holds whoever asks to what it has granted; IAM only says who may ask.
    **{f"lakeformation:{action}": [None] for action in tables.CLASSIFY},
}
"""Actions for which IAM knows no resources (Service Authorization Reference), and what may hold them."""

UNENCRYPTED: dict[str, str] = {
    "AWS::DMS::Endpoint": "A secret holds host and account of a source, with the key; what a target writes has it too.",
    "AWS::Lambda::Function": "The CDK's own, and ours: no data, and in a variable at most the name of a secret.",
}
"""Types that could have a key of ours and have none, and why."""


@pytest.fixture(scope="module", params=DEPLOYMENTS)
def deployment(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def assembly(everything: dict[str, Assembly], deployment: str) -> Assembly:
    return everything[deployment]


def allowed(assembly: Assembly) -> Iterator[tuple[Resource, Json]]:
    """Statements of roles, and of resources, that allow something."""
    for resource in assembly.resources():
        if not resource.logical_id.startswith(CDK_PROVIDERS):
            for statement in policy_statements(resource):
                if statement["Effect"] == "Allow":
                    yield resource, statement


def test_no_statement_allows_every_action_of_a_service(assembly: Assembly) -> None:
    for resource, statement in allowed(assembly):
        assert "NotAction" not in statement, resource.logical_id
        # The documented statement for the delivery of Step Functions' log has a wildcard that only Decrypt matches.
        wild = [action for action in as_list(statement["Action"]) if "*" in action and action != "kms:Decrypt*"]
        if is_account(statement) and resource.type == "AWS::KMS::Key":
            continue
        if is_account(statement):  # which is everybody in it whom IAM lets, so it must say more
            assert statement["Condition"], resource.logical_id
            assert not wild, (resource.logical_id, statement)
        elif is_clean_up(resource, statement):
            assert set(wild) <= {"s3:GetBucket*", "s3:List*", "s3:DeleteObject*"}
        else:
            assert not wild, (resource.logical_id, statement)


def is_account(statement: Json) -> bool:
    """A key leaves it to the account's own IAM policies who may use it (AWS KMS, "Default key policy")."""
    principal = statement.get("Principal", {})
    return principal.keys() == {"AWS"} and text(principal["AWS"]) == f"arn:aws:iam::{DEV.account}:root"


def is_clean_up(resource: Resource, statement: Json) -> bool:
    """A bucket lets the CDK's function empty it, where its environment gives up its data."""
    principal = json.dumps(statement.get("Principal"))
    return resource.type == "AWS::S3::BucketPolicy" and "CustomS3AutoDeleteObjects" in principal


def test_no_role_reaches_every_resource_where_iam_knows_better(assembly: Assembly, deployment: str) -> None:
    environment, _, _ = deployment.partition("-")
    for resource, statement in allowed(assembly):
        if resource.type in ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            assert "NotResource" not in statement, resource.logical_id
            if "*" in as_list(statement.get("Resource", [])):
                for action in as_list(statement["Action"]):
                    assert action in NO_RESOURCES, (resource.logical_id, action)
                    possible = json.loads(json.dumps(NO_RESOURCES[action]).replace("ENVIRONMENT", environment))
                    assert statement.get("Condition") in possible


def test_nobody_is_trusted_by_a_wildcard(assembly: Assembly) -> None:
    for resource, statement in allowed(assembly):
        principal = statement.get("Principal", {})
        assert "NotPrincipal" not in statement, resource.logical_id
        assert principal != "*", resource.logical_id
        for trusted in (one for kind in principal.values() for one in as_list(kind)):
            assert "*" not in text(trusted), (resource.logical_id, trusted)
        if "Federated" in principal:
            equal = statement["Condition"]["StringEquals"]
            assert {key.rpartition(":")[2] for key in equal} == {"aud", "sub"}, resource.logical_id
            assert "*" not in json.dumps(statement["Condition"]), resource.logical_id


def key_properties(type_: str) -> set[str]:
    """Properties anywhere in a type, by CloudFormation's own schema, that name a KMS key."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(DEV.region, type_).schema
    names = {name for found in walk(schema) if isinstance(found, dict) for name in found.get("properties", {})}
    return {name for name in names if re.search(r"kms.*key|kmskey|^KmsKey$", name, re.IGNORECASE)}


def test_whatever_can_be_encrypted_with_our_key_is(assembly: Assembly) -> None:
    checked = 0
    for resource in assembly.resources():
        if resource.type.startswith("AWS::") and resource.type not in UNENCRYPTED:
            possible = key_properties(resource.type)
            used = {name for found in walk(resource.properties) if isinstance(found, dict) for name in found}
            if possible and not is_access_log(resource):
                assert possible & used, f"{resource.stack} {resource.logical_id}: none of {sorted(possible)}"
                checked += 1
    assert checked > 10


def is_access_log(resource: Resource) -> bool:
    """S3 delivers access logs only to a bucket that it encrypts with its own key (S3 user guide, "Permissions")."""
    return (
        resource.type == "AWS::S3::Bucket"
        and text(resource.properties["BucketName"]).split("-")[2:4] == ["access", "logs"]
        and "AES256" in json.dumps(resource.properties["BucketEncryption"])
    )


def test_every_log_group_ends(assembly: Assembly) -> None:
    for group in assembly.resources("AWS::Logs::LogGroup"):
        assert group.properties.get("RetentionInDays", 0) > 0, (group.stack, group.logical_id)


def stateful_types() -> set[str]:
    """Types whose loss is a loss of data, by cfn-lint's list."""
    listed = json.loads(resources.files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text())
    return {*listed["ResourceTypes"], "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup"}


def test_data_is_kept_or_given_up_as_its_environment_says(assembly: Assembly, deployment: str) -> None:
    keeps = deployment_settings(deployment).removal_policy is RemovalPolicy.RETAIN
    expected = {"Retain", "RetainExceptOnCreate", "Snapshot"} if keeps else {"Delete"}
    stateful = stateful_types()
    found = [resource for resource in assembly.resources() if resource.type in stateful]
    assert len(found) > 5
    for resource in found:
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert resource.definition.get(policy, "Delete") in expected, (resource.stack, resource.logical_id, policy)


def test_no_secret_is_written_in_a_template(assembly: Assembly) -> None:
    for resource in assembly.resources():
        for name, value in named_values(resource.properties):
            if re.search(r"password|secretstring$|authtoken|privatekey", name, re.IGNORECASE):
                assert not isinstance(value, str) or value.startswith("{{resolve:"), (resource.logical_id, name)


def named_values(value: Any) -> Iterator[tuple[str, Any]]:
    for found in walk(value):
        if isinstance(found, dict):
            yield from found.items()


def test_nothing_is_open_to_the_internet(assembly: Assembly) -> None:
    for resource in assembly.resources():
        for name, value in named_values(resource.properties):
            assert (name, value) not in (("PubliclyAccessible", True), ("WebserverAccessMode", "PUBLIC_ONLY"))
    for bucket in assembly.resources("AWS::S3::Bucket"):
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}, bucket.logical_id
    for group in assembly.resources():
        if group.type in ("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"):
            rules = [group.properties, *group.properties.get("SecurityGroupIngress", [])]
            assert not [rule for rule in rules if rule.get("CidrIp") == "0.0.0.0/0" or rule.get("CidrIpv6") == "::/0"]
