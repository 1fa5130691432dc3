"""What a role needs to ask Athena in a workgroup. Which tables and columns answer is Lake Formation's to say."""

from collections.abc import Iterable

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from stacks.stack import LakehouseStack

QUERY = ["StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "GetQueryResults", "GetWorkGroup"]
READ = ["GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetTableVersions", "GetPartition", "GetPartitions"]
READ_RESULTS = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def athena_statements(
    stack: LakehouseStack, *, workgroup: str, areas: Iterable[Area], key: kms.IKey
) -> list[iam.PolicyStatement]:
    """Statements to query the tables of some areas, and to read and write the results of one workgroup.

    Args:
        stack: the stack of the role.
        workgroup: where it asks.
        areas: whose tables it may ask for.
        key: encrypts results.
    """
    names = stack.names
    athena = f"arn:{stack.partition}:athena:{stack.region}:{stack.account}"
    bucket, results = stack.s3_arn(names.results_bucket), stack.s3_arn(names.results_uri(workgroup))
    databases = [area.database(names) for area in areas]
    return [
        iam.PolicyStatement(
            sid="Query",
            actions=[f"athena:{action}" for action in QUERY],
            resources=[f"{athena}:workgroup/{workgroup}"],
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
        iam.PolicyStatement(sid="ResultsBucket", actions=["s3:GetBucketLocation"], resources=[bucket]),
        iam.PolicyStatement(
            sid="FindResults",
            actions=["s3:ListBucket"],
            resources=[bucket],
            conditions={"StringLike": {"s3:prefix": f"{workgroup}/*"}},
        ),
        iam.PolicyStatement(sid="Results", actions=READ_RESULTS, resources=[f"{results}*"]),
        iam.PolicyStatement(
            sid="UseKey",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}},
        ),
    ]
