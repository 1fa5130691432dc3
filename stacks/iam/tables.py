"""Permissions of `lakehouse tables apply`, `maintain` and `rollback`: tables of raw, integration and ops, contracts."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import DEFAULT_DATABASE, Zone
from stacks.iam.people import trusted_people
from stacks.iam.roles import role_by_name
from stacks.iam.statements import allow, use_key
from stacks.settings import Governance
from stacks.stack import LakehouseStack

AREAS = (Area.RAW, Area.INTEGRATION, Area.OPS)
TABLES = ["GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetTableVersion", "GetTableVersions"]
TABLES += ["CreateTable", "UpdateTable", "DeleteTable"]
OPTIMIZERS = ["BatchGetTableOptimizer", "GetTableOptimizer", "CreateTableOptimizer", "UpdateTableOptimizer"]
OPTIMIZERS += ["ListTableOptimizerRuns"]
WRITE_FILES = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
CLASSIFY = ["AddLFTagsToResource", "RemoveLFTagsFromResource", "GetResourceLFTags", "GetLFTag", "ListLFTags"]
CLASSIFY += ["CreateDataCellsFilter", "UpdateDataCellsFilter", "DeleteDataCellsFilter", "ListDataCellsFilter"]
CLASSIFY += ["GrantPermissions", "RevokePermissions", "ListPermissions", "GetDataAccess"]
WHY_TABLE_WILDCARDS = (
    "Tables come and go within the databases and buckets of their zones. Lake Formation's actions cannot be limited to "
    "resources: its own grants limit the role to those databases."
)


def trusted_with_pipelines(stack: LakehouseStack, governance: Governance) -> iam.IPrincipal:
    """Return the principal of people, as they sign in, and of the deployments of the account."""
    return iam.CompositePrincipal(trusted_people(stack, governance), role_by_name(stack, stack.names.deploy_role))


def table_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of that role.

    Args:
        stack: the stack of the role.
        key: the key of all buckets.
    """
    names = stack.names
    buckets = [stack.s3_arn(names.bucket(zone)) for zone in (Zone.RAW, Zone.INTEGRATION)]
    databases = [area.database(names) for area in AREAS]
    return [
        allow("Tables", service="glue", actions=[*TABLES, *OPTIMIZERS], resources=stack.glue_arns(*databases)),
        allow(
            "OptimizeBy",
            actions=["iam:PassRole"],
            resources=[stack.role_arn(names.optimizer_role)],
            conditions={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
        ),
        # Athena and Spark may open this database at a start; a new account does not have it.
        allow(
            "CreateDefault",
            actions=["glue:GetDatabase", "glue:CreateDatabase"],
            resources=[stack.glue_arn("catalog"), stack.glue_arn(f"database/{DEFAULT_DATABASE}")],
        ),
        allow("Classify", service="lakeformation", actions=CLASSIFY, resources=["*"]),
        allow(
            "Buckets",
            actions=["s3:ListBucket", "s3:GetBucketLocation"],
            resources=[*buckets, stack.s3_arn(names.scripts_bucket)],
        ),
        allow("Files", actions=WRITE_FILES, resources=[f"{bucket}/*" for bucket in buckets]),
        allow(
            "Contracts",
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[stack.s3_arn(f"{names.contracts_uri}*")],
        ),
        allow("BeDbt", actions=["sts:AssumeRole"], resources=[stack.role_arn(names.dbt_role)]),
        use_key(key),
    ]
