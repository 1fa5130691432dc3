"""The function that plans batches for the state machine, `lakehouse.operations.planner`, from the wheel of the jobs."""

from aws_cdk import ArnFormat, Duration, FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.grants import of_planner
from lakehouse.governance.tags import Area
from lakehouse.names import Zone
from stacks.iam.athena import athena_statements
from stacks.iam.tag_grants import grant
from stacks.settings import Settings
from stacks.shared.function import add_function
from stacks.stack import LakehouseStack

WHY_WILDCARDS = (
    "Arrivals and manifests come and go: the role lists stage, writes manifests and reads the tables of ops. Lake "
    "Formation's GetDataAccess knows no resources: its grants decide."
)


def add_planner(stack: LakehouseStack, *, settings: Settings, key: kms.IKey, wheel: FileAssetLocation) -> str:
    """Make the function, its role and its log.

    Returns:
        its ARN.
    """
    names = stack.names
    stage, raw = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW))
    statements = [
        *athena_statements(stack, workgroup=names.dbt_workgroup, areas=(Area.OPS,), key=key),
        iam.PolicyStatement(sid="ListArrivals", actions=["s3:ListBucketVersions", "s3:ListBucket"], resources=[stage]),
        iam.PolicyStatement(sid="ListManifests", actions=["s3:ListBucket"], resources=[raw]),
        iam.PolicyStatement(
            sid="WriteManifests",
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[f"{raw}/{names.manifests_prefix}*"],
        ),
        iam.PolicyStatement(sid="ReadPulls", actions=["s3:GetObject"], resources=[f"{raw}/{names.pulls_prefix}*"]),
    ]
    role, _ = add_function(
        stack,
        "planner",
        function_name=names.planner,
        description="Plans what waits in stage, and tells which batches of which datasets are due",
        statements=statements,
        why_wildcards=WHY_WILDCARDS,
        memory_mib=512,
        timeout=Duration.minutes(5),
        settings=settings,
        key=key,
        wheel=wheel,
    )
    grant(stack, role, of_planner())
    return stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=names.planner,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
