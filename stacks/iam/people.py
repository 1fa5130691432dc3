"""Permissions of people: query Athena in the workgroup of their role; Lake Formation decides on tables and columns."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lakehouse.governance.roles import Role
from lakehouse.governance.tags import Area
from stacks.iam.athena import athena_statements
from stacks.iam.statements import allow
from stacks.settings import Governance
from stacks.stack import LakehouseStack

BROWSE = ["ListDatabases", "GetDatabase", "ListTableMetadata", "GetTableMetadata"]
RESULTS = ["BatchGetQueryExecution", "ListQueryExecutions", "GetQueryResultsStream"]
RESULTS += ["GetNamedQuery", "BatchGetNamedQuery", "ListNamedQueries"]
READ_TRAIL = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention"]
CHECK_TRAIL = ["GetTrail", "GetTrailStatus", "GetEventSelectors"]
WHY_PEOPLE_WILDCARDS = (
    "Tables and results come and go: the role is limited to its areas' databases and its workgroup's results. "
    "GetDataAccess and ListWorkGroups cannot be limited to resources: the grants of Lake Formation decide about the "
    "first, and the second shows names."
)
SAML_AUDIENCE = "https://signin.aws.amazon.com/saml"


def trusted_people(stack: LakehouseStack, governance: Governance) -> iam.IPrincipal:
    """Return the principal of people: those of the SAML provider, or those of the account with a second factor."""
    if governance.saml_provider:
        return iam.FederatedPrincipal(
            stack.arn("iam", resource=f"saml-provider/{governance.saml_provider}", region=""),
            {"StringEquals": {"SAML:aud": SAML_AUDIENCE}},
            "sts:AssumeRoleWithSAML",
        )
    return with_second_factor()


def with_second_factor() -> iam.IPrincipal:
    """Return the principal of the account's people who signed in with a second factor."""
    return iam.AccountRootPrincipal().with_conditions({"Bool": {"aws:MultiFactorAuthPresent": "true"}})


def people_statements(stack: LakehouseStack, role: Role, *, key: kms.IKey) -> list[iam.PolicyStatement]:
    """Return the statements of a role of people.

    Args:
        stack: the stack of the role.
        role: the role and the areas that it reads.
        key: the key of query results.
    """
    names = stack.names
    workgroup = names.workgroup_of(role.name)
    statements = [
        *athena_statements(stack, workgroup=workgroup, areas=role.describes, key=key),
        allow(
            "Queries",
            service="athena",
            actions=RESULTS,
            resources=[stack.arn("athena", resource=f"workgroup/{workgroup}")],
        ),
        # The console lists the workgroups to let people leave `primary`.
        allow("Workgroups", actions=["athena:ListWorkGroups"], resources=["*"]),
        allow(
            "Browse",
            service="athena",
            actions=BROWSE,
            resources=[stack.arn("athena", resource="datacatalog/AwsDataCatalog")],
        ),
    ]
    if Area.AUDIT in role.reads:  # not a location of Lake Formation: the CloudTrail log has no columns to hide
        bucket = stack.s3_arn(names.audit_bucket)
        statements += [
            allow("ListTrail", actions=["s3:GetBucketLocation", "s3:ListBucket"], resources=[bucket]),
            allow("ReadTrail", actions=READ_TRAIL, resources=[f"{bucket}/*"]),
            allow("CheckTrail", service="cloudtrail", actions=CHECK_TRAIL, resources=[stack.trail_arn]),
        ]
    return statements
