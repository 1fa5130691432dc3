"""CloudFormation of the emulator: real updates, real deletes, and a refusal by name of what it can't do."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle
from tests.support.emulator.callers import make_role

Resources = dict[str, dict[str, Any]]
Deploy = Callable[[Resources], list[dict[str, Any]]]


@pytest.fixture
def stack(aws: server_lifecycle.Server, request: pytest.FixtureRequest) -> Iterator[Deploy]:
    """Deploys resources as the test's own stack and returns its events, the latest first; deletes it at the end."""
    cloudformation = boto3.client("cloudformation")
    name = request.node.name.replace("_", "-")
    change = cloudformation.create_stack

    def deploy(resources: Resources) -> list[dict[str, Any]]:
        nonlocal change
        change(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        change = cloudformation.update_stack
        state = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        assert not state.endswith("IN_PROGRESS"), "the answer came before the stack was done"
        return list(cloudformation.describe_stack_events(StackName=name)["StackEvents"])

    yield deploy
    cloudformation.delete_stack(StackName=name)
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)


def failures(events: list[dict[str, Any]]) -> list[str]:
    return [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]


def test_an_unknown_type_fails_by_name(stack: Deploy) -> None:
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::QuickSight::Dashboard\]"):
        stack({"Thing": {"Type": "AWS::QuickSight::Dashboard", "Properties": {}}})


def test_an_unknown_property_fails_by_name(stack: Deploy) -> None:
    events = stack({"Data": {"Type": "AWS::S3::Bucket", "Properties": {"AccelerateConfiguration": {}}}})
    assert failures(events) == ["AWS::S3::Bucket: the emulator does not support the property AccelerateConfiguration"]


def test_a_locked_bucket_keeps_what_it_holds(stack: Deploy) -> None:
    s3 = boto3.client("s3")
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    properties: dict[str, Any] = {
        "BucketName": "locked",
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": retention},
    }
    stack({"Data": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    assert s3.get_object_lock_configuration(Bucket="locked")["ObjectLockConfiguration"]["Rule"] == retention
    version = s3.put_object(Bucket="locked", Key="log", Body=b"x")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="locked", Key="log", VersionId=version)
    s3.delete_object(Bucket="locked", Key="log", VersionId=version, BypassGovernanceRetention=True)


def test_a_trail_is_recorded_and_updated(stack: Deploy) -> None:
    cloudtrail: Any = boto3.client("cloudtrail")
    selector = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    properties: dict[str, Any] = {
        "TrailName": "recorded",
        "S3BucketName": "logs",
        "IsLogging": True,
        "EnableLogFileValidation": True,
        "AdvancedEventSelectors": [selector],
    }
    stack({"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties}})
    assert cloudtrail.get_trail(Name="recorded")["Trail"]["LogFileValidationEnabled"] is True
    assert cloudtrail.get_trail_status(Name="recorded")["IsLogging"] is True
    assert cloudtrail.get_event_selectors(TrailName="recorded")["AdvancedEventSelectors"] == [selector]
    stack({"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties | {"IsLogging": False}}})
    assert cloudtrail.get_trail_status(Name="recorded")["IsLogging"] is False


def test_a_bucket_is_updated_in_place(stack: Deploy) -> None:
    s3 = boto3.client("s3")
    rules = {"Rules": [{"Id": "age", "Status": "Enabled", "ExpirationInDays": 30}]}
    properties: dict[str, Any] = {
        "BucketName": "updated-in-place",
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": rules,
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "Tags": [{"Key": "zone", "Value": "raw"}],
    }
    stack({"Data": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    bucket = {"Bucket": "updated-in-place"}
    s3.put_object(**bucket, Key="kept", Body=b"x")
    assert s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]["Expiration"] == {"Days": 30}
    assert s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"]
    assert s3.get_bucket_tagging(**bucket)["TagSet"] == properties["Tags"]

    rules["Rules"][0]["ExpirationInDays"] = 60
    del properties["Tags"]
    stack({"Data": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    assert s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]["Expiration"] == {"Days": 60}
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(**bucket)
    assert s3.get_object(**bucket, Key="kept")["Body"].read() == b"x"
    for version in s3.list_object_versions(**bucket)["Versions"]:
        s3.delete_object(**bucket, Key="kept", VersionId=version["VersionId"])


def test_a_bucket_that_holds_objects_is_not_deleted(aws: server_lifecycle.Server) -> None:
    cloudformation, s3 = boto3.client("cloudformation"), boto3.client("s3")
    template = {"Resources": {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "still-full"}}}}
    cloudformation.create_stack(StackName="full", TemplateBody=json.dumps(template))
    s3.put_object(Bucket="still-full", Key="kept", Body=b"x")
    cloudformation.delete_stack(StackName="full")
    assert cloudformation.describe_stacks(StackName="full")["Stacks"][0]["StackStatus"] == "DELETE_FAILED"
    assert s3.get_object(Bucket="still-full", Key="kept")["Body"].read() == b"x"
    s3.delete_object(Bucket="still-full", Key="kept")
    cloudformation.delete_stack(StackName="full")


def test_a_job_keeps_its_whole_definition(stack: Deploy) -> None:
    glue = boto3.client("glue")
    properties: dict[str, Any] = {
        "Name": "whole",
        "Role": make_role("r"),
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://scripts/job.py"},
        "ExecutionProperty": {"MaxConcurrentRuns": 4},
        "DefaultArguments": {"--environment": "dev"},
        "Timeout": 60,
        "Tags": {"project": "lakehouse"},
    }
    stack({"Job": {"Type": "AWS::Glue::Job", "Properties": properties}})
    assert glue.get_job(JobName="whole")["Job"]["ExecutionProperty"] == {"MaxConcurrentRuns": 4}
    stack({"Job": {"Type": "AWS::Glue::Job", "Properties": properties | {"Timeout": 90}}})
    job = glue.get_job(JobName="whole")["Job"]
    assert (job["Timeout"], job["DefaultArguments"]) == (90, {"--environment": "dev"})
    assert glue.get_tags(ResourceArn="arn:aws:glue:eu-central-1:000000000000:job/whole")["Tags"] == properties["Tags"]


def test_a_replication_is_recorded_and_updated(stack: Deploy) -> None:
    dms = boto3.client("dms")
    source = {"EndpointType": "source", "EngineName": "postgres", "PostgreSqlSettings": {"MapBooleanAsBoolean": True}}
    target = {"EndpointType": "target", "EngineName": "s3", "S3Settings": {"BucketName": "stage"}}

    def resources(rules: list[str]) -> Resources:
        config = {
            "ReplicationConfigIdentifier": "shop",
            "ReplicationType": "full-load-and-cdc",
            "SourceEndpointArn": {"Ref": "Source"},
            "TargetEndpointArn": {"Ref": "Target"},
            "TableMappings": {"rules": rules},
            "ComputeConfig": {"MaxCapacityUnits": 1},
        }
        return {
            "Source": {"Type": "AWS::DMS::Endpoint", "Properties": source},
            "Target": {"Type": "AWS::DMS::Endpoint", "Properties": target},
            "Replication": {"Type": "AWS::DMS::ReplicationConfig", "Properties": config},
        }

    def found() -> dict[str, Any]:
        filters = [{"Name": "replication-config-id", "Values": ["shop"]}]
        [config] = dms.describe_replication_configs(Filters=filters)["ReplicationConfigs"]
        return dict(config)

    stack(resources(["one"]))
    first = found()
    stack(resources(["one", "two"]))
    second = found()
    assert json.loads(second["TableMappings"]) == {"rules": ["one", "two"]}
    assert first["ReplicationConfigArn"] == second["ReplicationConfigArn"]
    endpoints = {endpoint["EndpointArn"]: endpoint for endpoint in dms.describe_endpoints()["Endpoints"]}
    assert endpoints[second["SourceEndpointArn"]]["PostgreSQLSettings"] == {"MapBooleanAsBoolean": True}


def test_a_stream_is_encrypted_and_updated_in_place(stack: Deploy) -> None:
    kinesis = boto3.client("kinesis")
    encryption = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    properties: dict[str, Any] = {
        "Name": "clicks",
        "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
        "StreamEncryption": encryption,
        "RetentionPeriodHours": 48,
    }

    def found() -> dict[str, Any]:
        return dict(kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"])

    stack({"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": properties}})
    first = found()
    assert {name: first[name] for name in encryption} == encryption
    assert (first["StreamModeDetails"], first["RetentionPeriodHours"]) == ({"StreamMode": "ON_DEMAND"}, 48)
    kinesis.put_record(StreamName="clicks", Data=b"kept", PartitionKey="k")
    properties |= {"StreamModeDetails": {"StreamMode": "PROVISIONED"}, "ShardCount": 2, "RetentionPeriodHours": 24}
    del properties["StreamEncryption"]
    events = stack({"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": properties}})
    assert not [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "UPDATE_FAILED"]
    second = found()
    assert (second["EncryptionType"], second["RetentionPeriodHours"], second["OpenShardCount"]) == ("NONE", 24, 2)
    assert second["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert second["StreamCreationTimestamp"] == first["StreamCreationTimestamp"]


def ten_grants(*, chained: bool) -> Resources:
    account, role = "000000000000", make_role("glue")
    resources: Resources = {}
    for number in range(10):
        name = f"grants_{chained}_{number}".lower()
        resources[f"Database{number}"] = {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": account, "DatabaseInput": {"Name": name}},
        }
        resources[f"Grant{number}"] = {
            "Type": "AWS::LakeFormation::PrincipalPermissions",
            "Properties": {
                "Principal": {"DataLakePrincipalIdentifier": role},
                "Resource": {"Database": {"CatalogId": account, "Name": {"Ref": f"Database{number}"}}},
                "Permissions": ["DESCRIBE"],
                "PermissionsWithGrantOption": [],
            },
            "DependsOn": [f"Grant{number - 1}"] if chained and number else [],
        }
    return resources


def test_ten_grants_at_once_fail(stack: Deploy) -> None:
    (reason, *_) = failures(stack(ten_grants(chained=False)))
    assert "9 other changes of Lake Formation" in reason
    assert "ConcurrentModificationException" in reason


def test_a_chain_of_ten_grants_does_not_fail(stack: Deploy) -> None:
    assert failures(stack(ten_grants(chained=True))) == []
