"""What IAM lets people do: ask Athena in their own workgroup. Which tables and columns answer is Lake Formation's."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.roles import Role
from lakehouse.governance.tags import Area
from stacks.iam.athena import athena_statements
from stacks.settings import Governance
from stacks.stack import LakehouseStack

BROWSE = ["ListDatabases", "GetDatabase", "ListTableMetadata", "GetTableMetadata"]
MORE = ["BatchGetQueryExecution", "ListQueryExecutions", "GetQueryResultsStream"]
MORE += ["GetNamedQuery", "BatchGetNamedQuery", "ListNamedQueries"]
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
    athena = f"arn:{stack.partition}:athena:{stack.region}:{stack.account}"

    def allow(sid: str, actions: list[str], resources: list[str]) -> iam.PolicyStatement:
        return iam.PolicyStatement(sid=sid, actions=actions, resources=resources)

    statements = [
        *athena_statements(stack, workgroup=workgroup, areas=role.describes, key=key),
        allow("Queries", [f"athena:{action}" for action in MORE], [f"{athena}:workgroup/{workgroup}"]),
        allow("Browse", [f"athena:{action}" for action in BROWSE], [f"{athena}:datacatalog/AwsDataCatalog"]),
    ]
    if Area.AUDIT in role.reads:  # which is no location of Lake Formation's: CloudTrail's log has no columns to hide
        bucket = stack.s3_arn(names.audit_bucket)
        statements += [
            allow("ListTrail", ["s3:GetBucketLocation", "s3:ListBucket"], [bucket]),
            allow("ReadTrail", ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"], [f"{bucket}/*"]),
            allow(
                "CheckTrail",
                ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"],
                [stack.trail_arn],
            ),
        ]
    return statements
