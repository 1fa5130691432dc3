"""Permissions of `lakehouse erase`: read all zones, delete object versions, rewrite the remaining data."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from lakehouse.names import OpsTable, Zone
from stacks.iam.statements import allow, use_key_in
from stacks.stack import LakehouseStack

ERASURE_HOURS = 12
"""IAM's maximum: an erasure reads all zones twice within one session."""
READ_TABLES = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
SWEEP = ["s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion"]
WRITE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
WHY_ERASURE_WILDCARDS = (
    "Any object and any version in a zone or a query result can contain a person: the role is limited to these "
    "buckets. It writes only to tables, manifests, proofs and the rewritten objects of stage."
)


def erasure_statements(stack: LakehouseStack, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of that role; it assumes dbt's role to build models.

    Args:
        stack: the stack of the role.
        key: the key of all buckets.
    """
    names = stack.names
    buckets = [stack.s3_arn(bucket) for bucket in (*map(names.bucket, Zone), names.results_bucket)]
    stage, raw, integration = (stack.s3_arn(names.bucket(zone)) for zone in (Zone.STAGE, Zone.RAW, Zone.INTEGRATION))
    readable = [area.database(names) for area in (Area.RAW, Area.INTEGRATION, Area.CURATED, Area.OPS)]
    ops = [f"database/{names.ops_database}", f"table/{names.ops_database}/{OpsTable.ERASURES}"]
    rewritten = stack.glue_arns(names.database(Zone.RAW), names.database(Zone.INTEGRATION))
    return [
        allow("List", actions=["s3:ListBucket", "s3:ListBucketVersions"], resources=buckets),
        allow("Sweep", actions=SWEEP, resources=[f"{bucket}/*" for bucket in buckets]),
        # The bucket of integration has the tables of ops too.
        allow("Rewrite", actions=WRITE, resources=[f"{raw}/*", f"{integration}/*"]),
        allow("RewriteStage", actions=["s3:PutObject"], resources=[f"{stage}/{names.erased_prefix(dataset='*')}*"]),
        allow("ReadTables", actions=READ_TABLES, resources=stack.glue_arns(*readable)),
        allow("CommitTables", actions=["glue:UpdateTable"], resources=[*rewritten, *map(stack.glue_arn, ops)]),
        allow("BeDbt", actions=["sts:AssumeRole"], resources=[stack.role_arn(names.dbt_role)]),
        use_key_in("s3", stack, key=key),
    ]
