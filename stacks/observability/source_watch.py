"""The function that watches the replications of source databases: `lakehouse.operations.source_watch`."""

from aws_cdk import Duration, FileAssetLocation
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler

from stacks.iam.replication import WHY_WATCH_WILDCARDS, start_statements, watch_statements
from stacks.iam.roles import add_service_role
from stacks.settings import Settings
from stacks.shared.function import add_function
from stacks.stack import LakehouseStack

EVERY_MINUTES = 5


def add_source_watch(
    stack: LakehouseStack,
    *,
    settings: Settings,
    key: kms.IKey,
    wheel: FileAssetLocation,
) -> None:
    """Add the function, its role, its log and its schedule.

    Args:
        stack: the stack of the alarms on its metric.
        settings: retention of the log.
        key: the key of the log and of the schedule.
        wheel: the library.
    """
    names = stack.names
    _, function = add_function(
        stack,
        "source_watch",
        function_name=names.source_watch,
        description="Publishes which datasets the tables of source databases do not reach",
        statements=watch_statements(stack, key=key),
        why_wildcards=WHY_WATCH_WILDCARDS,
        memory_mib=256,
        timeout=Duration.minutes(1),
        settings=settings,
        key=key,
        wheel=wheel,
    )
    role, policy = add_service_role(
        stack,
        "source-watch-schedule",
        service="scheduler",
        name=names.role("source-watch-schedule"),
        statements=start_statements(stack, key=key),
    )
    schedule = scheduler.CfnSchedule(
        stack,
        "source-watch-every",
        name=names.source_watch,
        description=f"Watches the replications of {names.prefix}",
        schedule_expression=f"rate({EVERY_MINUTES} minutes)",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        kms_key_arn=key.key_arn,
        target=scheduler.CfnSchedule.TargetProperty(
            arn=stack.arn("lambda", resource=f"function:{names.source_watch}"),
            role_arn=role.role_arn,
            input=stack.to_json_string({"environment": names.environment}),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
        ),
    )
    schedule.node.add_dependency(policy)
    schedule.node.add_dependency(function)
