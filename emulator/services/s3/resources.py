"""AWS::S3::Bucket: every property is set by the S3 API; a bucket that contains objects is not deleted."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, tag_map
from emulator.services.s3 import bucket_deployment

Put = Callable[[Any, str, Any], Any]
Remove = Callable[[Any, str], Any]


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        default = rule.get("ServerSideEncryptionByDefault")
        rules.append(
            ({"ApplyServerSideEncryptionByDefault": default} if default else {})
            | {"BucketKeyEnabled": _boolean(rule.get("BucketKeyEnabled", False))}
        )
    return {"Rules": rules}


def _lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(dict(rule), number) for number, rule in enumerate(value["Rules"])]}


def _lifecycle_rule(properties: dict[str, Any], number: int) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "ID": properties.pop("Id", f"rule-{number}"),
        "Status": properties.pop("Status"),
        "Filter": {"Prefix": properties.pop("Prefix", "")},
    }
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in properties:
        expiration["Days"] = int(properties.pop("ExpirationInDays"))
    if "ExpiredObjectDeleteMarker" in properties:
        expiration["ExpiredObjectDeleteMarker"] = _boolean(properties.pop("ExpiredObjectDeleteMarker"))
    if expiration:
        rule["Expiration"] = expiration
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in properties:
            rule[name] = {key: int(days) for key, days in properties.pop(name).items()}
    for name, days in (("Transitions", "Days"), ("NoncurrentVersionTransitions", "NoncurrentDays")):
        if name in properties:
            rule[name] = [
                {days: int(step["TransitionInDays"]), "StorageClass": step["StorageClass"]}
                for step in properties.pop(name)
            ]
    if properties:
        raise ValueError(f"the emulator does not support a life-cycle rule with {', '.join(properties)}")
    return rule


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    target = {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"LoggingEnabled": target}


def _notification(value: Mapping[str, Any]) -> dict[str, Any]:
    unknown = value.keys() - {"EventBridgeConfiguration"}
    if unknown:
        raise ValueError(f"the emulator does not support NotificationConfiguration.{', '.join(unknown)}")
    return {"EventBridgeConfiguration": {}} if "EventBridgeConfiguration" in value else {}


def _put_acl(s3: Any, bucket: str, value: str) -> None:
    if value != "Private":  # the default; a bucket with enforced ownership accepts no ACL
        s3.put_bucket_acl(Bucket=bucket, ACL=re.sub(r"(?<!^)(?=[A-Z])", "-", value).lower())


def _object_lock(value: Mapping[str, Any]) -> dict[str, Any]:
    default = dict(value.get("Rule", {}).get("DefaultRetention", {}))
    default |= {name: int(default[name]) for name in ("Days", "Years") if name in default}
    lock: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    return lock | ({"Rule": {"DefaultRetention": default}} if default else {})


def _keep_lock(*_: Any) -> None:
    raise ValueError("Object Lock cannot be disabled")


def _flags(value: Mapping[str, Any]) -> dict[str, bool]:
    return {name: _boolean(flag) for name, flag in value.items()}


SETTINGS: dict[str, tuple[Put, Remove]] = {
    "VersioningConfiguration": (
        lambda s3, bucket, value: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=value),
        lambda s3, bucket: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}),
    ),
    "BucketEncryption": (
        lambda s3, bucket, value: s3.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration=_encryption(value)
        ),
        lambda s3, bucket: s3.delete_bucket_encryption(Bucket=bucket),
    ),
    "PublicAccessBlockConfiguration": (
        lambda s3, bucket, value: s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=_flags(value)
        ),
        lambda s3, bucket: s3.delete_public_access_block(Bucket=bucket),
    ),
    "OwnershipControls": (
        lambda s3, bucket, value: s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=value),
        lambda s3, bucket: s3.delete_bucket_ownership_controls(Bucket=bucket),
    ),
    "LifecycleConfiguration": (
        lambda s3, bucket, value: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=_lifecycle(value)
        ),
        lambda s3, bucket: s3.delete_bucket_lifecycle(Bucket=bucket),
    ),
    "LoggingConfiguration": (
        lambda s3, bucket, value: s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=_logging(value)),
        lambda s3, bucket: s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={}),
    ),
    "NotificationConfiguration": (
        lambda s3, bucket, value: s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=_notification(value)
        ),
        lambda s3, bucket: s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={}),
    ),
    "AccessControl": (
        _put_acl,
        lambda s3, bucket: s3.put_bucket_acl(Bucket=bucket, ACL="private"),
    ),
    "ObjectLockConfiguration": (
        lambda s3, bucket, value: s3.put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration=_object_lock(value)
        ),
        _keep_lock,
    ),
    "Tags": (
        lambda s3, bucket, value: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": value}),
        lambda s3, bucket: s3.delete_bucket_tagging(Bucket=bucket),
    ),
}


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    bucket = properties.get("BucketName", name)
    region = plugin.region()
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    locked = {"ObjectLockEnabledForBucket": True} if _boolean(properties.get("ObjectLockEnabled", False)) else {}
    plugin.client("s3").create_bucket(Bucket=bucket, **location, **locked)
    try:
        return bucket, _update(bucket, {}, properties)
    except (ClientError, ValueError):
        plugin.client("s3").delete_bucket(Bucket=bucket)
        raise


def _update(bucket: str, old: Properties, new: Properties) -> Attributes:
    s3 = plugin.client("s3")
    for name, (put, remove) in SETTINGS.items():
        if name in new and new[name] != old.get(name):
            put(s3, bucket, new[name])
        elif name in old and name not in new:
            remove(s3, bucket)
    region = plugin.region()
    return {
        "Arn": f"arn:aws:s3:::{bucket}",
        "DomainName": f"{bucket}.s3.amazonaws.com",
        "RegionalDomainName": f"{bucket}.s3.{region}.amazonaws.com",
        "DualStackDomainName": f"{bucket}.s3.dualstack.{region}.amazonaws.com",
    }


def _delete(bucket: str, _: Properties) -> None:
    plugin.client("s3").delete_bucket(Bucket=bucket)


def empty(bucket: str) -> None:
    """Delete every version of every object of a bucket."""
    s3 = plugin.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if versions:
            objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


def _auto_delete(_: str, properties: Properties) -> None:
    """Empty the bucket, unless its tag was removed to protect it, as the CDK's function does."""
    bucket = properties["BucketName"]
    try:
        tags = plugin.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "NoSuchTagSet"):
            return
        raise
    if tag_map({"Tags": tags}).get("aws-cdk:auto-delete-objects") == "true":
        empty(bucket)


def _boolean(value: object) -> bool:
    # CloudFormation templates may carry booleans as text.
    return value is True or value == "true"


TYPES = {
    "AWS::S3::Bucket": ResourceType(
        properties=frozenset({"BucketName", "ObjectLockEnabled", *SETTINGS}),
        create=_create,
        update=_update,
        delete=_delete,
        replacing=frozenset({"BucketName", "ObjectLockEnabled"}),
    ),
    "Custom::S3AutoDeleteObjects": ResourceType(
        properties=frozenset({"ServiceToken", "BucketName"}),
        create=lambda properties, name: (name, {}),
        update=lambda physical_id, old, new: {},
        delete=_auto_delete,
        replacing=frozenset({"BucketName"}),
    ),
    **bucket_deployment.TYPES,
}
