"""What the role of `lakehouse erase` may do: read all zones, delete versions, write what is left anew."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import OpsTable, Zone
from stacks.stack import LakehouseStack

ERASURE_HOURS = 12
"""IAM's most: an erasure reads all zones twice, which has to end within one session."""
READ_TABLES = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
SWEEP = ["s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion"]
WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
WHY_ERASURE_WILDCARDS = (
    "A person may be in any object and any version of any zone or query result: the role is held to these buckets, "
    "and writes only where tables, manifests and proofs are, and what it writes anew of stage."
)


def erasure_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Statements of that role. Models are built under dbt's own role, which it takes.

    Args:
        stack: the stack of the role.
        key: the key of all buckets.
    """
    names = stack.names
    buckets = [stack.s3_arn(bucket) for bucket in (*map(names.bucket, Zone), names.results_bucket)]
    stage, raw, integration = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW, Zone.INTEGRATION))
    read = [area.database(names) for area in (Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS)]
    ops = [f"database/{names.ops_database}", f"table/{names.ops_database}/{OpsTable.ERASURES}"]
    rewritten = stack.glue_arns(names.database(Zone.RAW), names.database(Zone.INTEGRATION))

    def allow(sid: str, actions: list[str], resources: list[str], **conditions: dict[str, str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)

    return [
        allow("List", ["s3:ListBucket", "s3:ListBucketVersions"], buckets),
        allow("Sweep", SWEEP, [f"{bucket}/*" for bucket in buckets]),
        # Integration's bucket has the tables of ops too.
        allow("Rewrite", WRITE, [f"{raw}/*", f"{integration}/*"]),
        allow("RewriteStage", ["s3:PutObject"], [f"{stage}/{names.erased_prefix(dataset='*')}*"]),
        allow("ReadTables", READ_TABLES, stack.glue_arns(*read)),
        allow("CommitTables", ["glue:UpdateTable"], [*rewritten, *map(stack.glue_arn, ops)]),
        allow("BeDbt", ["sts:AssumeRole"], [stack.role_arn(names.dbt_role)]),
        allow(
            "UseKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [key.key_arn],
            StringEquals={"kms:ViaService": f"s3.{stack.region}.amazonaws.com"},
        ),
    ]
