"""The one key that encrypts data, logs, queues, topics and secrets, and the AWS services that may use it for others."""

from aws_cdk import ArnFormat, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from stacks.stack import LakehouseStack

LOG_ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"]
LOG_ACTIONS += ["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
USE = ["kms:Decrypt", "kms:GenerateDataKey"]
PUBLISHERS = ("cloudwatch", "budgets")
"""Services that publish to the topics of alerts, beside EventBridge."""


def add_key(stack: LakehouseStack, *, removal_policy: RemovalPolicy) -> kms.Key:
    """Put the key into a stack. Who uses it directly has that in a policy of its own; here stand services alone."""
    names = stack.names
    key = kms.Key(
        stack,
        "Key",
        alias=names.key_alias,
        description=f"Data, logs and secrets of {names.prefix}",
        enable_key_rotation=True,
        removal_policy=removal_policy,
    )
    groups = [
        stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=group,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for group in (f"{names.log_prefix}/*", names.airflow_log_group("*"))
    ]
    ours = {"StringEquals": {"aws:SourceAccount": stack.account}}
    for sid, services, actions, conditions in (
        (
            "CloudWatchLogs",
            [f"logs.{stack.region}"],
            LOG_ACTIONS,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
        # To the queue of arrivals and to topics; it names the account when it uses the key, but not the rule.
        ("EventBridge", ["events"], USE, ours),
        ("AlertsToTopics", PUBLISHERS, USE, ours),
        (
            "CloudTrail",
            ["cloudtrail"],
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            {"StringEquals": {"aws:SourceArn": stack.trail_arn}},
        ),
    ):
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in services],
                actions=actions,
                resources=["*"],  # in a key's own policy: this key
                conditions=conditions,
            )
        )
    return key
