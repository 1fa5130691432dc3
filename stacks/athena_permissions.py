"""What a role needs to ask Athena in dbt's workgroup, which is the one of all that no person starts."""

from collections.abc import Iterable

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from stacks.stack import LakehouseStack

QUERY = ["StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "GetQueryResults", "GetWorkGroup"]
READ = ["GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetTableVersions", "GetPartition", "GetPartitions"]
READ_RESULTS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


def athena_statements(stack: LakehouseStack, *, areas: Iterable[Area], key: kms.IKey) -> list[iam.PolicyStatement]:
    """Statements to query the tables of some areas; which of them answer is Lake Formation's to say.

    Args:
        stack: the stack of the role.
        areas: whose tables it reads.
        key: encrypts results.
    """
    names = stack.names
    athena = f"arn:{stack.partition}:athena:{stack.region}:{stack.account}"
    results = stack.s3_arn(names.results_uri(names.dbt_workgroup))
    databases = [area.database(names) for area in areas]
    return [
        iam.PolicyStatement(
            sid="Query",
            actions=[f"athena:{action}" for action in QUERY],
            resources=[f"{athena}:workgroup/{names.dbt_workgroup}"],
        ),
        iam.PolicyStatement(
            sid="Catalog", actions=["athena:GetDataCatalog"], resources=[f"{athena}:datacatalog/AwsDataCatalog"]
        ),
        iam.PolicyStatement(
            sid="ReadTables",
            actions=[f"glue:{action}" for action in READ],
            resources=stack.glue_arns(*databases),
        ),
        iam.PolicyStatement(sid="ReadData", actions=["lakeformation:GetDataAccess"], resources=["*"]),
        iam.PolicyStatement(
            sid="FindResults",
            actions=["s3:ListBucket", "s3:GetBucketLocation"],
            resources=[stack.s3_arn(names.results_bucket)],
        ),
        iam.PolicyStatement(sid="Results", actions=READ_RESULTS, resources=[f"{results}*"]),
        iam.PolicyStatement(sid="UseKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]),
    ]
