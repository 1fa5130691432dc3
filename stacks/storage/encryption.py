"""The one key that encrypts data, logs, queues, topics and secrets."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms

from stacks.iam.services import key_statements
from stacks.stack import LakehouseStack


def add_key(stack: LakehouseStack, *, removal_policy: RemovalPolicy) -> kms.Key:
    """Add the key to a stack; its policy names AWS services, and roles may use it by their own policies."""
    names = stack.names
    key = kms.Key(
        stack,
        "Key",
        alias=names.key_alias,
        description=f"Data, logs and secrets of {names.prefix}",
        enable_key_rotation=True,
        removal_policy=removal_policy,
    )
    for statement in key_statements(stack):
        key.add_to_resource_policy(statement)
    return key
