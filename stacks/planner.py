"""The function that plans batches for the state machine: `lakehouse.planner`, out of the same wheel as the jobs."""

from aws_cdk import ArnFormat, Duration, FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lakehouse.governance.grants import of_planner
from lakehouse.governance.tags import Area
from lakehouse.names import Zone
from stacks.acknowledge import acknowledge_wildcards
from stacks.athena_permissions import athena_statements
from stacks.settings import Settings
from stacks.stack import LakehouseStack
from stacks.tag_grants import grant

RUNTIME = lambda_.Runtime.PYTHON_3_14
TIMEOUT = Duration.minutes(5)
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
    log_group = logs.LogGroup(
        stack,
        "planner-log",
        log_group_name=names.function_log_group("planner"),
        retention=settings.retention.logs,
        encryption_key=key,
        removal_policy=settings.removal_policy,
    )
    statements = [
        *athena_statements(stack, workgroup=names.dbt_workgroup, areas=(Area.OPS,), key=key),
        iam.PolicyStatement(sid="ListArrivals", actions=["s3:ListBucketVersions", "s3:ListBucket"], resources=[stage]),
        iam.PolicyStatement(sid="ListManifests", actions=["s3:ListBucket"], resources=[raw]),
        iam.PolicyStatement(
            sid="WriteManifests", actions=["s3:GetObject", "s3:PutObject"], resources=[f"{raw}/_batches/*"]
        ),
        iam.PolicyStatement(
            sid="Log", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
        ),
    ]
    role = iam.Role(
        stack,
        "planner-role",
        role_name=names.role("planner"),
        description=f"Function {names.planner}",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
    )
    policy = iam.Policy(stack, "planner-policy", statements=statements, roles=[role])
    acknowledge_wildcards(policy, statements, reason=WHY_WILDCARDS)
    grant(stack, role, of_planner())
    function = lambda_.CfnFunction(
        stack,
        "planner",
        function_name=names.planner,
        description="Plans what waits in stage, and tells which batches of which datasets are due",
        runtime=RUNTIME.name,
        architectures=["arm64"],
        handler="lakehouse.planner.handler",
        code=lambda_.CfnFunction.CodeProperty(s3_bucket=wheel.bucket_name, s3_key=wheel.object_key),
        role=role.role_arn,
        memory_size=512,
        timeout=TIMEOUT.to_seconds(),
        logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=log_group.log_group_name),
        tracing_config=lambda_.CfnFunction.TracingConfigProperty(mode="PassThrough"),
    )
    function.node.add_dependency(policy)
    return stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=names.planner,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
