"""The role with which dbt builds the curated zone; Airflow or CodeBuild assumes it, according to the profile."""

from collections.abc import Mapping, Sequence

from aws_cdk import FileAssetLocation
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets

from lakehouse.governance.grants import of_dbt
from lakehouse.governance.tags import Area
from lakehouse.names import OpsTable, Urgency, Zone
from stacks.iam.athena import athena_statements
from stacks.iam.jobs import WRITE_OBJECTS
from stacks.iam.roles import add_role, role_by_name
from stacks.iam.statements import allow, index_statements, use_key_in
from stacks.iam.tag_grants import grant
from stacks.stack import LakehouseStack

WRITE = ["CreateTable", "UpdateTable", "DeleteTable", "BatchDeleteTable", "DeleteTableVersion"]
WRITE += ["BatchDeleteTableVersion", "BatchCreatePartition", "BatchDeletePartition", "UpdatePartition"]
CLASSIFY = ["AddLFTagsToResource", "RemoveLFTagsFromResource", "GetResourceLFTags"]
WHY_DBT_WILDCARDS = (
    "Models and their files come and go: the role is limited to the bucket and database of curated, to dbt's folder of "
    "integration, to the metadata of the other tables there, which have no rows, and to its own query results. Lake "
    "Formation's actions cannot be limited to resources: its grants decide."
)


def add_dbt_role(
    stack: LakehouseStack,
    *,
    trusted: iam.IPrincipal,
    key: kms.IKey,
    tags: Mapping[str, Sequence[str]],
    engine_statements: Sequence[iam.PolicyStatement] = (),
) -> iam.Role:
    """Add the role with its grants in Lake Formation.

    Args:
        stack: the stack that starts dbt.
        trusted: who assumes the role, next to operators (`lakehouse build`), to `lakehouse erase`, which has dbt
            build without the erased person, and to `lakehouse rollback`, which restores its tables.
        key: the key of all buckets.
        tags: every LF-Tag with all its values.
        engine_statements: what the service that runs dbt needs in addition.
    """
    role, _ = add_role(
        stack,
        "dbt-role",
        policy_id="dbt-policy",
        name=stack.names.dbt_role,
        description="dbt builds the curated zone",
        trusted=iam.CompositePrincipal(
            trusted,
            role_by_name(stack, stack.names.erasure_role),
            role_by_name(stack, stack.names.operator_role),
            role_by_name(stack, stack.names.tables_role),
        ),
        statements=[*_statements(stack, key=key), *engine_statements],
        why_wildcards=WHY_DBT_WILDCARDS,
    )
    grant(stack, role, of_dbt(tags))
    return role


def codebuild_statements(
    stack: LakehouseStack, *, models: assets.Asset, wheel: FileAssetLocation, log_group: logs.ILogGroup
) -> list[iam.PolicyStatement]:
    """Return what CodeBuild needs in addition to run dbt: models, library and log."""
    return [
        allow(
            "ReadModels",
            actions=["s3:GetObject", "s3:GetObjectVersion"],
            resources=[stack.s3_arn(f"{models.s3_bucket_name}/{models.s3_object_key}")],
        ),
        allow(
            "ReadLibrary",
            actions=["s3:GetObject"],
            resources=[stack.s3_arn(f"{wheel.bucket_name}/{wheel.object_key}")],
        ),
        # CodeBuild tries to create the group even if it exists.
        # Source: AWS CodeBuild user guide, "Allow CodeBuild to interact with other AWS services".
        allow(
            "Log",
            service="logs",
            actions=["CreateLogGroup", "CreateLogStream", "PutLogEvents"],
            resources=[log_group.log_group_arn],
        ),
    ]


def _statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    names = stack.names
    buckets = [stack.s3_arn(names.bucket(zone)) for zone in (Zone.CURATED, Zone.INTEGRATION)]
    curated, integration = buckets
    databases = [area.database(names) for area in (Area.CURATED, Area.INTEGRATION)]
    recorded = (OpsTable.LINEAGE, OpsTable.RELEASES)
    commits = ("catalog", f"database/{names.ops_database}", *(f"table/{names.ops_database}/{one}" for one in recorded))
    return [
        *athena_statements(
            stack,
            workgroup=names.dbt_workgroup,
            areas=(Area.RAW, Area.INTEGRATION, Area.OPS, Area.CURATED),
            key=key,
        ),
        allow("WriteTables", service="glue", actions=WRITE, resources=stack.glue_arns(*databases)),
        allow("ListData", actions=["s3:ListBucket", "s3:GetBucketLocation"], resources=buckets),
        allow("WriteData", actions=WRITE_OBJECTS, resources=[f"{curated}/*", f"{integration}/models/*"]),
        # Which datasets are blocked by their gates is read from the files of the table, not through Athena.
        allow("ReadOps", actions=["s3:GetObject"], resources=[stack.s3_arn(f"{names.ops_location('')}*")]),
        # A release names the snapshots of all tables, which Iceberg's metadata has. Lake Formation guards their rows.
        allow("ReadSnapshots", actions=["s3:GetObject"], resources=[f"{integration}/*.metadata.json*"]),
        allow(
            "WriteRecords",
            actions=WRITE_OBJECTS,
            resources=[stack.s3_arn(f"{names.ops_location(table)}/*") for table in recorded],
        ),
        allow("CommitRecords", actions=["glue:UpdateTable"], resources=list(map(stack.glue_arn, commits))),
        allow("Classify", service="lakeformation", actions=CLASSIFY, resources=["*"]),
        *_announcement(stack, key=key),
    ]


def _announcement(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements to notify domains of a release: the contracts that ask for it, and an encrypted topic."""
    return [
        *index_statements(stack),
        allow(
            "Announce",
            actions=["sns:Publish"],
            resources=[stack.arn("sns", resource=stack.names.alerts_topic(Urgency.INFO))],
        ),
        # Source: Amazon SNS developer guide, "Encrypting a message with an AWS KMS key".
        use_key_in("sns", stack, key=key, sid="UseKeyInAnnouncements"),
    ]
