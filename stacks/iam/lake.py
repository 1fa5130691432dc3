"""Permissions of services that rewrite or vend the lake's files: Glue's table optimizers, and Lake Formation."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.names import Zone
from stacks.iam.jobs import WRITE_OBJECTS, WRITE_TABLES
from stacks.iam.statements import allow, use_key
from stacks.stack import LakehouseStack

FILES = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
LOG_GROUPS = ("iceberg-compaction", "iceberg-retention", "iceberg-orphan-file-deletion")
WHY_OPTIMIZER_WILDCARDS = (
    "Tables and their files come and go: the role is limited to the buckets and databases of raw, integration and ops. "
    "Glue itself names the streams of its log groups. Lake Formation's actions cannot be limited to resources."
)


def optimizer_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of the optimizers' role.

    Args:
        stack: the stack of the role.
        key: the key of all buckets.

    Source: AWS Glue developer guide, "Table optimization prerequisites".
    """
    names = stack.names
    buckets = [stack.s3_arn(names.bucket(zone)) for zone in (Zone.RAW, Zone.INTEGRATION)]
    databases = (names.database(Zone.RAW), names.database(Zone.INTEGRATION), names.ops_database)
    return [
        allow("ListBuckets", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=buckets),
        allow("RewriteFiles", actions=WRITE_OBJECTS, resources=[f"{bucket}/*" for bucket in buckets]),
        allow("CommitTables", actions=WRITE_TABLES, resources=stack.glue_arns(*databases)),
        use_key(key),
        allow("LakeFormation", actions=["lakeformation:GetDataAccess"], resources=["*"]),
        allow(
            "Log",
            service="logs",
            actions=["CreateLogGroup", "CreateLogStream", "PutLogEvents"],
            resources=[stack.arn("logs", resource=f"log-group:/aws-glue/{group}/logs:*") for group in LOG_GROUPS],
        ),
    ]


def location_statements(buckets: Sequence[str], *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of Lake Formation: read and write the buckets for the roles that it has granted access.

    Args:
        buckets: ARNs of the buckets.
        key: the key of the buckets.
    """
    return [
        allow("Objects", actions=FILES, resources=[f"{bucket}/*" for bucket in buckets]),
        allow("Buckets", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=buckets),
        allow(
            "UseKey",
            service="kms",
            actions=["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"],
            resources=[key.key_arn],
        ),
    ]
