"""Buckets and key: encrypted, private, versioned, and kept or given up as the environment says."""

from typing import Any

import pytest

from lakehouse.names import Names, Zone
from stacks.settings import ENVIRONMENTS
from tests.support.templates.assembly import Assembly, Json, as_list, text

DEV = ENVIRONMENTS["dev"]


@pytest.fixture(scope="module")
def buckets(assembly: Assembly, names: Names) -> dict[str, Json]:
    """Buckets of the storage stack, by name."""
    found = assembly.resources("AWS::S3::Bucket")
    storage = names.stack("storage")
    return {bucket.properties["BucketName"]: bucket.properties for bucket in found if bucket.stack == storage}


def test_every_bucket_is_there(buckets: dict[str, Json], names: Names) -> None:
    zones = {names.bucket(zone) for zone in Zone}
    assert buckets.keys() == zones | {names.scripts_bucket, names.results_bucket, names.logs_bucket}


def test_every_bucket_is_private_versioned_and_owned(buckets: dict[str, Json]) -> None:
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}, name
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, name


def test_data_is_encrypted_with_our_key_and_logs_with_s3s(buckets: dict[str, Json], names: Names) -> None:
    for name, bucket in buckets.items():
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        algorithm = rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("AES256" if name == names.logs_bucket else "aws:kms"), name
        assert rule.get("BucketKeyEnabled", False) == (name != names.logs_bucket), name


def test_the_key_rotates(assembly: Assembly, names: Names) -> None:
    [key] = assembly.resources("AWS::KMS::Key")
    assert key.properties["EnableKeyRotation"] is True
    [alias] = assembly.resources("AWS::KMS::Alias")
    assert alias.properties["AliasName"] == names.key_alias


def test_cloudwatch_may_use_the_key_for_our_log_groups_alone(assembly: Assembly) -> None:
    [key] = assembly.resources("AWS::KMS::Key")
    [logs] = [item for item in key.properties["KeyPolicy"]["Statement"] if item.get("Sid") == "CloudWatchLogs"]
    assert logs["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    arns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    groups = "arn:aws:logs:eu-central-1:123456789012:log-group:"
    assert [text(arn) for arn in arns] == [f"{groups}/lakehouse/dev/*", f"{groups}airflow-lakehouse-dev-airflow-*"]


def test_every_bucket_refuses_requests_without_tls(assembly: Assembly) -> None:
    policies = {
        text(policy.properties["Bucket"]): policy.properties for policy in assembly.resources("AWS::S3::BucketPolicy")
    }
    for bucket in assembly.resources("AWS::S3::Bucket"):
        denied = [
            item
            for item in policies[f"<{bucket.logical_id}>"]["PolicyDocument"]["Statement"]
            if item["Effect"] == "Deny" and item["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        [statement] = denied
        assert (statement["Action"], statement["Principal"]) == ("s3:*", {"AWS": "*"})
        assert {text(resource) for resource in as_list(statement["Resource"])} == {
            f"<{bucket.logical_id}>",
            f"<{bucket.logical_id}>/*",
        }


def test_every_bucket_logs_who_read_it(buckets: dict[str, Json], names: Names) -> None:
    for name, bucket in buckets.items():
        if name != names.logs_bucket:
            assert bucket["LoggingConfiguration"]["LogFilePrefix"] == f"s3/{name}/"
            assert text(bucket["LoggingConfiguration"]["DestinationBucketName"]).startswith("<AccessLogs")


def test_what_is_no_longer_current_ends(buckets: dict[str, Json], names: Names) -> None:
    expiry = {
        names.bucket(Zone.STAGE): DEV.retention.stage_days,
        names.results_bucket: DEV.retention.query_results_days,
        names.logs_bucket: DEV.retention.access_logs_days,
    }
    for name, bucket in buckets.items():
        rules: dict[str, Any] = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
        assert {rule["Status"] for rule in rules.values()} == {"Enabled"}
        old = rules["what-is-no-longer-current"]
        assert old["NoncurrentVersionExpiration"] == {"NoncurrentDays": DEV.retention.noncurrent_versions_days}
        assert old["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}
        assert old["ExpiredObjectDeleteMarker"] is True
        assert rules.get("age", {}).get("ExpirationInDays") == expiry.get(name), name


STATEFUL = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret")


def test_dev_gives_up_its_data(assembly: Assembly) -> None:
    for resource in assembly.resources():
        if resource.type in STATEFUL:
            assert resource.definition["DeletionPolicy"] == "Delete", resource.logical_id
    emptied = {
        text(resource.properties["BucketName"]) for resource in assembly.resources("Custom::S3AutoDeleteObjects")
    }
    assert emptied == {f"<{bucket.logical_id}>" for bucket in assembly.resources("AWS::S3::Bucket")}


def test_an_environment_that_keeps_its_data_empties_no_bucket(keeping: Assembly) -> None:
    for resource in keeping.resources():
        if resource.type in STATEFUL:
            assert resource.definition["DeletionPolicy"] == "Retain", resource.logical_id
    assert not keeping.resources("Custom::S3AutoDeleteObjects")
