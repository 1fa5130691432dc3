"""Log groups of the CDK's own functions; without them AWS creates unencrypted groups that are kept for ever."""

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

from lakehouse.names import Names
from stacks.settings import Settings

PROVIDER = "Custom::"
"""Prefix of the CDK's custom resource providers, e.g. the one that empties buckets."""


def log_custom_resources(scope: IConstruct, *, names: Names, settings: Settings, key: kms.IKey) -> None:
    """Add a log group for the function behind each kind of custom resource, in its stack.

    Args:
        scope: the scope of the stacks.
        names: names of the deployment.
        settings: retention of logs.
        key: the key of logs.
    """
    for stack in (child for child in scope.node.children if isinstance(child, Stack)):
        for provider in stack.node.children:
            node = provider.node
            construct_id = node.id
            function = node.try_find_child("Handler") if construct_id.startswith(PROVIDER) else None
            if function is None:
                continue
            assert isinstance(provider, Construct)
            assert isinstance(function, CfnResource)
            kind = construct_id.removeprefix(PROVIDER).removesuffix("CustomResourceProvider")
            group = logs.LogGroup(
                provider,
                "Logs",
                log_group_name=names.function_log_group(f"{stack.stack_name.removeprefix(names.prefix + '-')}-{kind}"),
                retention=settings.retention.logs,
                encryption_key=key,
                removal_policy=settings.removal_policy,
            )
            function.add_property_override("LoggingConfig", {"LogGroup": group.log_group_name})
