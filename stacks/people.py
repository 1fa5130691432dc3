"""What IAM lets people do: ask Athena in their own workgroup. Which tables and columns answer is Lake Formation's."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.roles import Role
from lakehouse.governance.tags import Area
from stacks.settings import Governance
from stacks.stack import LakehouseStack

QUERY = ["StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "BatchGetQueryExecution"]
QUERY += ["ListQueryExecutions", "GetQueryResults", "GetQueryResultsStream", "GetWorkGroup"]
QUERY += ["GetNamedQuery", "BatchGetNamedQuery", "ListNamedQueries"]
BROWSE = ["GetDataCatalog", "ListDatabases", "GetDatabase", "ListTableMetadata", "GetTableMetadata"]
CATALOG = ["GetDatabase", "GetDatabases", "GetTable", "GetTables", "GetTableVersions", "GetPartition", "GetPartitions"]
WHY_WILDCARDS = (
    "Tables and results come and go: the role is held to its areas' databases and its workgroup's results. "
    "GetDataAccess knows no resources: Lake Formation decides by its grants."
)
SAML_AUDIENCE = "https://signin.aws.amazon.com/saml"


def who_signs_in(stack: LakehouseStack, governance: Governance) -> iam.IPrincipal:
    """Who may take a role of people: those whom the SAML provider sends, or the account's own with a second factor."""
    if governance.saml_provider:
        return iam.FederatedPrincipal(
            f"arn:{stack.partition}:iam::{stack.account}:saml-provider/{governance.saml_provider}",
            {"StringEquals": {"SAML:aud": SAML_AUDIENCE}},
            "sts:AssumeRoleWithSAML",
        )
    return iam.AccountRootPrincipal().with_conditions({"Bool": {"aws:MultiFactorAuthPresent": "true"}})


def people_statements(stack: LakehouseStack, role: Role, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Statements of a role of people.

    Args:
        stack: the stack of the role.
        role: what it may see.
        key: the key of results.
    """
    names = stack.names
    workgroup = names.workgroup_of(role.name)
    results = stack.s3_arn(names.results_bucket)

    def allow(sid: str, actions: list[str], resources: list[str], **conditions: dict[str, str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources, conditions=conditions)

    def athena(resource: str) -> str:
        return f"arn:{stack.partition}:athena:{stack.region}:{stack.account}:{resource}"

    statements = [
        allow("Query", [f"athena:{action}" for action in QUERY], [athena(f"workgroup/{workgroup}")]),
        allow("Browse", [f"athena:{action}" for action in BROWSE], [athena("datacatalog/AwsDataCatalog")]),
        allow(
            "Catalog",
            [f"glue:{action}" for action in CATALOG],
            stack.glue_arns(*(area.database(names) for area in role.describes)),
        ),
        allow("Data", ["lakeformation:GetDataAccess"], ["*"]),
        allow("ResultsBucket", ["s3:GetBucketLocation"], [results]),
        allow("ListResults", ["s3:ListBucket"], [results], StringLike={"s3:prefix": f"{workgroup}/*"}),
        allow(
            "Results",
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            [f"{results}/{workgroup}/*"],
        ),
        allow(
            "ResultsKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [key.key_arn],
            StringEquals={"kms:ViaService": f"s3.{stack.region}.amazonaws.com"},
        ),
    ]
    if Area.AUDIT in role.reads:  # which is no location of Lake Formation's: CloudTrail's log has no columns to hide
        bucket = stack.s3_arn(names.audit_bucket)
        trail = f"arn:{stack.partition}:cloudtrail:{stack.region}:{stack.account}:trail/{names.trail}"
        statements += [
            allow("ListTrail", ["s3:GetBucketLocation", "s3:ListBucket"], [bucket]),
            allow("ReadTrail", ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"], [f"{bucket}/*"]),
            allow(
                "CheckTrail",
                ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"],
                [trail],
            ),
        ]
    return statements
