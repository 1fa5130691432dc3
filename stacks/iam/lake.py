"""Permissions of Lake Formation: read and write the buckets of the zones for the roles that it has granted access."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from stacks.iam.statements import allow

FILES = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


def location_statements(buckets: Sequence[str], *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements for the registered buckets.

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
