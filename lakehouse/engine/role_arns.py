"""ARNs of roles, in the AWS partition of their region."""

from functools import cache

import boto3

from lakehouse.names import Names


def role_arn(role: str, *, names: Names) -> str:
    """Return the ARN of a role of the account, by the role's name."""
    return f"arn:{_partition(names.region)}:iam::{names.account}:role/{role}"


@cache  # botocore parses a file of endpoints each time, which takes longer than a call to AWS
def _partition(region: str) -> str:
    return boto3.Session().get_partition_for_region(region)
