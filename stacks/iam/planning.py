"""Permissions to plan batches: list arrivals, write manifests."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import Zone
from stacks.iam.athena import athena_statements
from stacks.iam.statements import allow, index_statements
from stacks.stack import LakehouseStack

WHY_PLANNER_WILDCARDS = (
    "Arrivals and manifests come and go: the role lists stage, writes manifests and reads the tables of ops. Lake "
    "Formation's GetDataAccess cannot be limited to resources: its grants decide."
)


def planner_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of the function that plans batches.

    Args:
        stack: the stack of the function.
        key: the key of query results.
    """
    query = athena_statements(stack, workgroup=stack.names.dbt_workgroup, areas=(Area.OPS,), key=key)
    return [*query, *index_statements(stack), *planning_statements(stack)]


def planning_statements(stack: LakehouseStack) -> list[iam.PolicyStatement]:
    """Return the statements to find arrivals in stage and to write manifests to raw."""
    names = stack.names
    stage, raw = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW))
    return [
        allow("ListArrivals", actions=["s3:ListBucketVersions", "s3:ListBucket"], resources=[stage]),
        allow("ListManifests", actions=["s3:ListBucket"], resources=[raw]),
        allow(
            "WriteManifests",
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[f"{raw}/{names.manifests_prefix}*"],
        ),
        allow("ReadPulls", actions=["s3:GetObject"], resources=[f"{raw}/{names.pulls_prefix}*"]),
    ]
