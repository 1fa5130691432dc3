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
        # For the queue of arrivals and for topics. EventBridge tells KMS neither the account nor the rule: with a
        # condition on them, notifications and arrivals would be lost silently.
        # Source: Amazon SNS developer guide, "Managing Amazon SNS encryption keys and costs".
        allow("EventBridge", principals=["events"], actions=USE_KEY, resources=this_key),
        allow("AlertsToTopics", principals=PUBLISHERS, actions=USE_KEY, resources=this_key, conditions=this_account),
        # Step Functions encrypts the log of its executions with its key; the service that delivers the log decrypts it.
        # Source: AWS Step Functions developer guide, "Data at rest encryption", step 3 of the customer managed key.
        allow(
            "DeliverMoves",
            principals=["delivery.logs"],
            actions=["kms:Decrypt*"],
            resources=this_key,
            conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": stack.arn("logs", resource="*")}},
        ),
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


def audit_bucket_logs(stack: LakehouseStack, access_logs: s3.IBucket) -> iam.PolicyStatement:
    """Return what the policy of the access logs allows to S3 for the audit bucket, which is in another stack.

    Source: Amazon S3 user guide, "Enabling Amazon S3 server access logging", section "Permissions for log delivery".
    """
    audit = stack.names.audit_bucket
    return allow(
        "AuditAccessLogs",
        principals=["logging.s3"],
        actions=["s3:PutObject"],
        resources=[access_logs.arn_for_objects(f"s3/{audit}/*")],
        conditions={
            "ArnLike": {"aws:SourceArn": stack.s3_arn(audit)},
            "StringEquals": {"aws:SourceAccount": stack.account},
        },
    )


def only_erasure_writes_proofs(stack: LakehouseStack, raw: s3.IBucket) -> iam.PolicyStatement:
    """Return what the policy of the raw bucket denies to all but the role of erasure: to change proofs and journals.

    Roles that write tables reach the whole bucket, because the domains of contracts are the first part of its keys.
    """
    names = stack.names
    return iam.PolicyStatement(
        sid="OnlyErasureWritesProofs",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject", "s3:DeleteObject"],
        resources=[raw.arn_for_objects(f"{names.erasures_prefix}*")],
        conditions={"ArnNotEquals": {"aws:PrincipalArn": stack.role_arn(names.erasure_role)}},
    )


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
