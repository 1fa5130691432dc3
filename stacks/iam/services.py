"""Permissions of AWS services on resources of the deployment: key, topics of alerts, log of CloudTrail."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from stacks.iam.statements import USE_KEY, allow
from stacks.stack import LakehouseStack

ENCRYPT_LOGS = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "DescribeKey"]
ENCRYPT_LOGS += ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]
PUBLISHERS = ("cloudwatch", "budgets")
"""Services that publish to the topics of alerts, next to EventBridge."""


def key_statements(stack: LakehouseStack) -> list[iam.PolicyStatement]:
    """Return what the policy of the key allows to services; roles have their permission in their own policies."""
    names = stack.names
    groups = [
        stack.arn("logs", resource=f"log-group:{group}")
        for group in (f"{names.log_prefix}/*", names.airflow_log_group("*"))
    ]
    this_account = {"StringEquals": {"aws:SourceAccount": stack.account}}
    this_key = ["*"]  # in the policy of a key, `*` is that key
    return [
        allow(
            "CloudWatchLogs",
            principals=[f"logs.{stack.region}"],
            service="kms",
            actions=ENCRYPT_LOGS,
            resources=this_key,
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
        # For the queue of arrivals and for topics. EventBridge passes the account to KMS, but not the rule.
        allow("EventBridge", principals=["events"], actions=USE_KEY, resources=this_key, conditions=this_account),
        allow("AlertsToTopics", principals=PUBLISHERS, actions=USE_KEY, resources=this_key, conditions=this_account),
        allow(
            "CloudTrail",
            principals=["cloudtrail"],
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            resources=this_key,
            conditions={"StringEquals": {"aws:SourceArn": stack.trail_arn}},
        ),
    ]


def trail_statements(stack: LakehouseStack, bucket: s3.IBucket) -> list[iam.PolicyStatement]:
    """Return what the policy of the audit bucket allows to CloudTrail."""
    from_trail = {"StringEquals": {"aws:SourceArn": stack.trail_arn}}
    return [
        allow(
            "TrailLooks",
            principals=["cloudtrail"],
            actions=["s3:GetBucketAcl"],
            resources=[bucket.bucket_arn],
            conditions=from_trail,
        ),
        allow(
            "TrailWrites",
            principals=["cloudtrail"],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{stack.account}/*")],
            conditions=from_trail,
        ),
    ]


def alarms_publish(stack: LakehouseStack, topic: sns.ITopic) -> iam.PolicyStatement:
    """Return what the policy of a topic allows to the alarms of the deployment."""
    alarms = stack.arn("cloudwatch", resource=f"alarm:{stack.names.prefix}-*")
    return allow(
        principals=["cloudwatch"],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": alarms}},
    )


def budget_publishes(stack: LakehouseStack, topic: sns.ITopic) -> iam.PolicyStatement:
    """Return what the policy of a topic allows to the budget of the account."""
    return allow(
        principals=["budgets"],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
    )
