"""Permissions of pipelines that deploy an environment, and check that the deployment answers."""

from aws_cdk import aws_iam as iam

from lakehouse.names import Move, Names
from stacks.iam.statements import USE_KEY, allow, open_default
from stacks.stack import AccountStack

BOOTSTRAP_ROLES = ("deploy", "file-publishing", "lookup")
BOOTSTRAP_QUALIFIER = "hnb659fds"
QUERY = ["StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetWorkGroup"]
WHY_DEPLOY_WILDCARDS = (
    "Results and contracts come and go: the role is limited to their prefixes, and to the one key that has the "
    "environment's alias."
)


def deploy_statements(stack: AccountStack, names: Names) -> list[iam.PolicyStatement]:
    """Return the statements to assume the roles of `cdk bootstrap` and of the tables, and to query the deployment.

    Args:
        stack: the stack of the role.
        names: names of the environment.
    """
    bootstrap = [f"cdk-{BOOTSTRAP_QUALIFIER}-{role}-role-{stack.account}-{stack.region}" for role in BOOTSTRAP_ROLES]
    results, contracts = stack.s3_arn(names.results_bucket), stack.s3_arn(names.contracts_uri)
    return [
        allow(
            "Deploy",
            actions=["sts:AssumeRole"],
            resources=[stack.role_arn(name) for name in (*bootstrap, names.tables_role)],
        ),
        allow(
            "Jobs",
            actions=["glue:GetJob"],
            resources=[stack.arn("glue", resource=f"job/{names.job(move)}") for move in Move],
        ),
        allow(
            "Ask",
            service="athena",
            actions=QUERY,
            resources=[stack.arn("athena", resource=f"workgroup/{names.workgroup}")],
        ),
        open_default(stack),
        allow("ResultsBucket", actions=["s3:GetBucketLocation"], resources=[results]),
        allow(
            "Results",
            actions=["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            resources=[f"{results}/{names.workgroup}/*"],
        ),
        allow(
            "ListContracts",
            actions=["s3:ListBucket"],
            resources=[stack.s3_arn(names.scripts_bucket)],
            conditions={"StringLike": {"s3:prefix": f"{contracts.partition('/')[2]}*"}},
        ),
        allow("Contracts", actions=["s3:GetObject"], resources=[f"{contracts}*"]),
        allow(
            "Key",
            actions=USE_KEY,
            resources=[stack.arn("kms", resource="key/*")],
            conditions={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias},
                "StringEquals": {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"},
            },
        ),
    ]
