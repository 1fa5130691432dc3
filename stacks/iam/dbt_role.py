"""The role under which dbt builds the curated zone; who takes it differs by profile."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.grants import of_dbt
from lakehouse.governance.tags import Area
from lakehouse.names import OpsTable, Zone
from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.iam.athena import athena_statements
from stacks.iam.governed_role import role_by_name
from stacks.iam.jobs import WRITE_OBJECTS
from stacks.iam.tag_grants import grant
from stacks.stack import LakehouseStack

WRITE = ["CreateTable", "UpdateTable", "DeleteTable", "BatchDeleteTable", "DeleteTableVersion"]
WRITE += ["BatchDeleteTableVersion", "BatchCreatePartition", "BatchDeletePartition", "UpdatePartition"]
CLASSIFY = ["AddLFTagsToResource", "RemoveLFTagsFromResource", "GetResourceLFTags", "GetLFTag", "ListLFTags"]
CLASSIFY += ["CreateDataCellsFilter", "UpdateDataCellsFilter", "DeleteDataCellsFilter", "ListDataCellsFilter"]
WHY_WILDCARDS = (
    "Models and their files come and go: the role is held to the bucket and database of curated, to dbt's folder of "
    "integration and to its own query results. Lake Formation's actions know no resources: its grants decide."
)


def add_dbt_role(
    stack: LakehouseStack,
    *,
    trusted: iam.IPrincipal,
    key: kms.IKey,
    tags: Mapping[str, Sequence[str]],
    also: Iterable[iam.PolicyStatement] = (),
) -> iam.Role:
    """Make the role, with Lake Formation's grants.

    Args:
        stack: the stack that starts dbt.
        trusted: who takes the role, beside `lakehouse erase`, which has dbt build without the person.
        key: the key of all buckets.
        tags: every LF-Tag with all its values.
        also: what who starts it needs beside.
    """
    names = stack.names
    buckets = [stack.s3_arn(names.bucket(zone)) for zone in (Zone.CURATED, Zone.INTEGRATION)]
    written = [f"{buckets[0]}/*", f"{buckets[1]}/models/*"]
    databases = [area.database(names) for area in (Area.CURATED, Area.INTEGRATION)]
    ops = stack.s3_arn(names.ops_location(""))
    statements = [
        *athena_statements(
            stack,
            workgroup=names.dbt_workgroup,
            areas=(Area.RAW, Area.INTEGRATION, Area.OPS, Area.CURATED),
            key=key,
        ),
        iam.PolicyStatement(
            sid="WriteTables", actions=[f"glue:{action}" for action in WRITE], resources=stack.glue_arns(*databases)
        ),
        iam.PolicyStatement(sid="ListData", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=buckets),
        iam.PolicyStatement(sid="WriteData", actions=WRITE_OBJECTS, resources=written),
        # Which datasets their gates hold; read from the table's files, not through Athena.
        iam.PolicyStatement(sid="ReadOps", actions=["s3:GetObject"], resources=[f"{ops}*"]),
        iam.PolicyStatement(
            sid="WriteLineage",
            actions=WRITE_OBJECTS,
            resources=[stack.s3_arn(f"{names.ops_location(OpsTable.LINEAGE)}/*")],
        ),
        iam.PolicyStatement(
            sid="CommitLineage",
            actions=["glue:UpdateTable"],
            resources=[
                stack.glue_arn("catalog"),
                stack.glue_arn(f"database/{names.ops_database}"),
                stack.glue_arn(f"table/{names.ops_database}/{OpsTable.LINEAGE}"),
            ],
        ),
        iam.PolicyStatement(
            sid="Classify", actions=[f"lakeformation:{action}" for action in CLASSIFY], resources=["*"]
        ),
        *also,
    ]
    role = iam.Role(
        stack,
        "dbt-role",
        role_name=names.dbt_role,
        description="dbt builds the curated zone",
        assumed_by=iam.CompositePrincipal(trusted, role_by_name(stack, names.erasure_role)),
    )
    policy = iam.Policy(stack, "dbt-policy", statements=statements, roles=[role])
    acknowledge_wildcards(policy, statements, reason=WHY_WILDCARDS)
    grant(stack, role, of_dbt(tags))
    return role
