"""A Lambda function of ours: a module of `lakehouse`, out of the same wheel as the jobs, with its role and its log."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import Duration, FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.iam.service_role import service_role
from stacks.settings import Settings
from stacks.stack import LakehouseStack

RUNTIME = lambda_.Runtime.PYTHON_3_14


class Function(NamedTuple):
    """A function and its role."""

    role: iam.Role
    function: lambda_.CfnFunction


def add_function(
    stack: LakehouseStack,
    purpose: str,
    *,
    function_name: str,
    description: str,
    statements: Sequence[iam.PolicyStatement],
    why_wildcards: str,
    memory_mib: int,
    timeout: Duration,
    environment: Mapping[str, str] | None = None,
    settings: Settings,
    key: kms.IKey,
    wheel: FileAssetLocation,
) -> Function:
    """Make a function that runs `lakehouse.operations.PURPOSE.handler`, its role and its log.

    Args:
        stack: what it is in.
        purpose: module of `lakehouse.operations`, which needs boto3 alone.
        function_name: its name.
        description: what it does.
        statements: what it may do, beside writing its log.
        why_wildcards: why some of these name resources with `*`.
        memory_mib: its memory.
        timeout: of one invocation.
        environment: its variables.
        settings: how long its log is kept.
        key: encrypts the log.
        wheel: of `lakehouse`.
    """
    names = stack.names
    log_group = logs.LogGroup(
        stack,
        f"{purpose}-log",
        log_group_name=names.function_log_group(purpose),
        retention=settings.retention.logs,
        encryption_key=key,
        removal_policy=settings.removal_policy,
    )
    log = iam.PolicyStatement(
        sid="Log", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
    )
    role, policy = service_role(
        stack,
        purpose,
        name=names.role(purpose),
        description=f"Function {function_name}",
        service="lambda",
        statements=[*statements, log],
        why=why_wildcards,
    )
    function = lambda_.CfnFunction(
        stack,
        purpose,
        function_name=function_name,
        description=description,
        runtime=RUNTIME.name,
        architectures=["arm64"],
        handler=f"lakehouse.operations.{purpose}.handler",
        code=lambda_.CfnFunction.CodeProperty(s3_bucket=wheel.bucket_name, s3_key=wheel.object_key),
        role=role.role_arn,
        memory_size=memory_mib,
        timeout=timeout.to_seconds(),
        environment=lambda_.CfnFunction.EnvironmentProperty(variables=environment) if environment else None,
        logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=log_group.log_group_name),
        tracing_config=lambda_.CfnFunction.TracingConfigProperty(mode="PassThrough"),
    )
    function.node.add_dependency(policy)
    return Function(role, function)
