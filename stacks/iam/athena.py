"""Permissions to run Athena queries in a workgroup; Lake Formation decides on tables and columns."""

from collections.abc import Iterable

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.tags import Area
from stacks.iam.statements import allow, open_default, use_key_in
from stacks.stack import LakehouseStack

QUERY = ["StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "GetQueryResults", "GetWorkGroup"]
READ = ["GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetTableVersions", "GetPartition", "GetPartitions"]
READ_RESULTS = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def athena_statements(
    stack: LakehouseStack, *, workgroup: str, areas: Iterable[Area], key: kms.IKey
) -> list[iam.PolicyStatement]:
    """Return the statements to query tables of some areas, and to read and write the results of one workgroup.

    Args:
        stack: the stack of the role.
        workgroup: name of the workgroup.
        areas: areas whose tables the role may query.
        key: the key of the results.
    """
    names = stack.names
    bucket, results = stack.s3_arn(names.results_bucket), stack.s3_arn(names.results_uri(workgroup))
    databases = [area.database(names) for area in areas]
    return [
        allow(
            "Query", service="athena", actions=QUERY, resources=[stack.arn("athena", resource=f"workgroup/{workgroup}")]
        ),
        allow(
            "Catalog",
            actions=["athena:GetDataCatalog"],
            resources=[stack.arn("athena", resource="datacatalog/AwsDataCatalog")],
        ),
        allow("ReadTables", service="glue", actions=READ, resources=stack.glue_arns(*databases)),
        open_default(stack),
        allow("ReadData", actions=["lakeformation:GetDataAccess"], resources=["*"]),
        allow("ResultsBucket", actions=["s3:GetBucketLocation"], resources=[bucket]),
        allow(
            "FindResults",
            actions=["s3:ListBucket"],
            resources=[bucket],
            conditions={"StringLike": {"s3:prefix": f"{workgroup}/*"}},
        ),
        allow("Results", actions=READ_RESULTS, resources=[f"{results}*"]),
        use_key_in("s3", stack, key=key),
    ]
