"""What the role of `lakehouse tables apply` and `maintain` may do: tables of raw, integration, ops; contracts."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import Zone
from stacks.iam.governed_role import role_by_name
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
    "Tables come and go within the databases and buckets of their zones. Lake Formation's actions know no resources: "
    "its own grants hold the role to those databases."
)


def who_applies(stack: LakehouseStack) -> iam.IPrincipal:
    """The account's people with a second factor, and its deployments."""
    return iam.CompositePrincipal(
        iam.AccountRootPrincipal().with_conditions({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        role_by_name(stack, stack.names.deploy_role),
    )


def table_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Statements of that role.

    Args:
        stack: the stack of the role.
        key: the key of all buckets.
    """
    names = stack.names
    buckets = [stack.s3_arn(names.bucket(zone)) for zone in (Zone.RAW, Zone.INTEGRATION)]
    contracts = stack.s3_arn(names.contracts_uri)
    optimizer = stack.role_arn(names.optimizer_role)

    def allow(sid: str, actions: list[str], resources: list[str], **conditions: dict[str, str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)

    return [
        allow(
            "Tables",
            [f"glue:{action}" for action in (*TABLES, *OPTIMIZERS)],
            stack.glue_arns(*(area.database(names) for area in AREAS)),
        ),
        allow("OptimizeBy", ["iam:PassRole"], [optimizer], StringEquals={"iam:PassedToService": "glue.amazonaws.com"}),
        allow("Classify", [f"lakeformation:{action}" for action in CLASSIFY], ["*"]),
        allow("Buckets", ["s3:ListBucket", "s3:GetBucketLocation"], [*buckets, stack.s3_arn(names.scripts_bucket)]),
        allow("Files", WRITE_FILES, [f"{bucket}/*" for bucket in buckets]),
        allow("Contracts", ["s3:GetObject", "s3:PutObject"], [f"{contracts}*"]),
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
    ]
