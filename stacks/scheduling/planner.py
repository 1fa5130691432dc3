"""The function that plans batches for the state machine: `lakehouse.operations.planner`."""

from aws_cdk import Duration, FileAssetLocation
from aws_cdk import aws_kms as kms

from lakehouse.governance.grants import of_planner
from stacks.iam.planning import WHY_PLANNER_WILDCARDS, planner_statements
from stacks.iam.tag_grants import grant
from stacks.settings import Settings
from stacks.shared.function import add_function
from stacks.stack import LakehouseStack


def add_planner(stack: LakehouseStack, *, settings: Settings, key: kms.IKey, wheel: FileAssetLocation) -> str:
    """Add the function, its role and its log.

    Args:
        stack: the stack of the state machine.
        settings: retention of the log.
        key: the key of all buckets and log groups.
        wheel: the library.

    Returns:
        The ARN of the function.
    """
    names = stack.names
    role, _ = add_function(
        stack,
        "planner",
        function_name=names.planner,
        description="Plans the objects that wait in stage, and returns the due batches of each dataset",
        statements=planner_statements(stack, key=key),
        why_wildcards=WHY_PLANNER_WILDCARDS,
        memory_mib=512,
        timeout=Duration.minutes(5),
        settings=settings,
        key=key,
        wheel=wheel,
    )
    grant(stack, role, of_planner())
    return stack.arn("lambda", resource=f"function:{names.planner}")
