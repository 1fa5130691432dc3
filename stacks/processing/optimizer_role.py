"""The role under which Glue keeps Iceberg tables in shape; `lakehouse tables apply` sets that up, table by table."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.grants import of_optimizer
from lakehouse.names import Zone
from stacks.iam.jobs import WRITE_OBJECTS, WRITE_TABLES
from stacks.iam.service_role import service_role
from stacks.iam.tag_grants import grant
from stacks.stack import LakehouseStack

LOG_GROUPS = ("iceberg-compaction", "iceberg-retention", "iceberg-orphan-file-deletion")
WHY_WILDCARDS = (
    "Tables and their files come and go: the role is held to the buckets and databases of raw, integration and ops. "
    "Glue itself names the streams of its log groups. Lake Formation's actions know no resources."
)


def add_optimizer_role(stack: LakehouseStack, *, key: kms.IKey) -> None:
    """Make the role, with Lake Formation's grants.

    Source: AWS Glue developer guide, "Table optimization prerequisites".
    """
    names = stack.names
    buckets = [stack.s3_arn(names.bucket(zone)) for zone in (Zone.RAW, Zone.INTEGRATION)]
    databases = (names.database(Zone.RAW), names.database(Zone.INTEGRATION), names.ops_database)
    logs = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:/aws-glue"
    statements = [
        iam.PolicyStatement(sid="ListBuckets", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=buckets),
        iam.PolicyStatement(sid="RewriteFiles", actions=WRITE_OBJECTS, resources=[f"{arn}/*" for arn in buckets]),
        iam.PolicyStatement(sid="CommitTables", actions=WRITE_TABLES, resources=stack.glue_arns(*databases)),
        iam.PolicyStatement(sid="UseKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]),
        iam.PolicyStatement(sid="LakeFormation", actions=["lakeformation:GetDataAccess"], resources=["*"]),
        iam.PolicyStatement(
            sid="Log",
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[f"{logs}/{group}/logs:*" for group in LOG_GROUPS],
        ),
    ]
    role, _ = service_role(
        stack,
        "optimizer",
        name=names.optimizer_role,
        description="Glue compacts our tables, expires their snapshots and deletes their orphan files",
        service="glue",
        statements=statements,
        why=WHY_WILDCARDS,
    )
    grant(stack, role, of_optimizer())
