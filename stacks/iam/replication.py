"""Permissions of DMS: read the secret of a source database, write its files to stage."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from lakehouse.contracts.dms import bucket_folder
from lakehouse.names import Zone
from stacks.iam.statements import allow, index_statements, use_key, use_key_in
from stacks.stack import LakehouseStack

WRITE_ENCRYPTED = ["Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey"]
"""Source: AWS DMS user guide, "Creating AWS KMS keys to encrypt Amazon S3 target objects"."""
WHY_TARGET_WILDCARDS = (
    "DMS names the files that it writes: the role is limited to this source's folder of the stage bucket."
)

WHY_WATCH_WILDCARDS = (
    "The calls of DMS that list replications and tasks, and PutMetricData, cannot be limited to resources; a condition "
    "limits the latter to the lakehouse's namespace."
)


def secret_statements(secret: secretsmanager.ISecret, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements to read the account with which DMS signs in to a source database."""
    return [
        allow(service="secretsmanager", actions=["GetSecretValue", "DescribeSecret"], resources=[secret.secret_arn]),
        allow(actions=["kms:Decrypt", "kms:DescribeKey"], resources=[key.key_arn]),
    ]


def target_statements(stack: LakehouseStack, source: str, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements to write the files of one source database."""
    bucket = stack.names.bucket(Zone.STAGE)
    return [
        allow(actions=["s3:ListBucket"], resources=[stack.s3_arn(bucket)]),
        allow(
            actions=["s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"],
            resources=[stack.s3_arn(f"{bucket}/{bucket_folder(source)}/*")],
        ),
        allow(service="kms", actions=WRITE_ENCRYPTED, resources=[key.key_arn]),
    ]


def ask_statements(stack: LakehouseStack) -> list[iam.PolicyStatement]:
    """Return the statements to ask DMS what its replications do not send."""
    replications = [stack.arn("dms", resource=f"{kind}:*") for kind in ("replication-config", "task")]
    statistics = ["DescribeReplicationTableStatistics", "DescribeTableStatistics"]
    return [
        allow(
            "AskSources", service="dms", actions=["DescribeReplications", "DescribeReplicationTasks"], resources=["*"]
        ),
        allow("AskTables", service="dms", actions=statistics, resources=replications),
    ]


def watch_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of the function.

    Args:
        stack: the stack of the function.
        key: the key of the index of contracts.
    """
    return [
        *ask_statements(stack),
        *index_statements(stack),
        use_key_in("s3", stack, key=key),
        allow(
            "Measure",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": stack.names.metric_namespace}},
        ),
    ]


def start_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of the schedule that starts the function.

    Args:
        stack: the stack of the function.
        key: the key of the schedule.
    """
    function = stack.arn("lambda", resource=f"function:{stack.names.source_watch}")
    return [allow("Watch", actions=["lambda:InvokeFunction"], resources=[function]), use_key(key)]
