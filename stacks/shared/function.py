"""Lambda functions that run a module of `lakehouse`, from the same wheel as the jobs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import Duration, FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.iam.roles import add_service_role
from stacks.iam.statements import write_log
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
    why_wildcards: str | None = None,
    memory_mib: int,
    timeout: Duration,
    environment: Mapping[str, str] | None = None,
    settings: Settings,
    key: kms.IKey,
    wheel: FileAssetLocation,
) -> Function:
    """Add a function that runs `lakehouse.operations.PURPOSE.handler`, its role and its log.

    Args:
        stack: the stack of the function.
        purpose: module of `lakehouse.operations`; it needs only boto3.
        function_name: name of the function.
        description: what it does.
        statements: what it may do, in addition to writing its log.
        why_wildcards: why statements name resources with `*`; None if none does.
        memory_mib: memory of the function.
        timeout: limit of one invocation.
        environment: environment variables.
        settings: retention of the log.
        key: the key of the log.
        wheel: the wheel of `lakehouse`.
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
    role, policy = add_service_role(
        stack,
        purpose,
        name=names.role(purpose),
        description=f"Function {function_name}",
        service="lambda",
        statements=[*statements, write_log(log_group)],
        why_wildcards=why_wildcards,
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
