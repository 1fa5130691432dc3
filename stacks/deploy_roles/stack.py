"""Roles that pipelines take to deploy: by OpenID Connect, so that no pipeline holds a key.

A stack of its own, for an administrator to deploy once: it decides who may deploy all the others.
"""

from collections.abc import Sequence

from aws_cdk import Duration, Environment, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse.names import Move, Names
from stacks.deploy_roles.pipelines import Pipeline
from stacks.iam.acknowledge import acknowledge_wildcards

BOOTSTRAP_ROLES = ("deploy", "file-publishing", "lookup")
BOOTSTRAP_QUALIFIER = "hnb659fds"
QUERY = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup"]


class DeployRoles(Stack):
    """An identity provider for each kind of pipeline, and `names.deploy_role` for each environment.

    Args:
        names: names of each environment that is deployed to this account.
        pipelines: who may take the roles.
        providers_exist: the account has the identity providers already; it can have each only once.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: Sequence[Names],
        pipelines: Sequence[Pipeline],
        providers_exist: bool,
    ) -> None:
        first = names[0]
        name = first.deploy_roles_stack
        super().__init__(
            scope,
            name,
            stack_name=name,
            env=Environment(account=first.account, region=first.region),
            description="Who may deploy the lakehouse",
        )
        providers = {
            pipeline.issuer: self._provider_arn(pipeline, exists=providers_exist, number=number)
            for number, pipeline in enumerate(pipelines)
        }
        for each in names:
            self._role(each, pipelines=pipelines, providers=providers)
        Tags.of(self).add("project", first.project)

    def _provider_arn(self, pipeline: Pipeline, *, exists: bool, number: int) -> str:
        if exists:
            return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{pipeline.issuer}"
        return iam.CfnOIDCProvider(
            self, f"Provider{number}", url=f"https://{pipeline.issuer}", client_id_list=[pipeline.audience]
        ).attr_arn

    def _role(self, names: Names, *, pipelines: Sequence[Pipeline], providers: dict[str, str]) -> None:
        trusted = [
            iam.OpenIdConnectPrincipal(
                iam.OpenIdConnectProvider.from_open_id_connect_provider_arn(
                    self, f"{names.environment}-{number}", providers[pipeline.issuer]
                ),
                {
                    "StringEquals": {
                        f"{pipeline.issuer}:aud": pipeline.audience,
                        f"{pipeline.issuer}:sub": pipeline.subject_of(names),
                    }
                },
            )
            for number, pipeline in enumerate(pipelines)
        ]
        statements = self._statements(names)
        role = iam.Role(
            self,
            names.environment,
            role_name=names.deploy_role,
            description=f"Deploys {names.prefix}",
            assumed_by=trusted[0] if len(trusted) == 1 else iam.CompositePrincipal(*trusted),
            max_session_duration=Duration.hours(2),
            inline_policies={"deploy": iam.PolicyDocument(statements=statements)},
        )
        acknowledge_wildcards(
            role,
            statements,
            reason="Results and contracts come and go: the role is held to their prefixes, and to the one key that has "
            "the environment's alias.",
        )

    def _statements(self, names: Names) -> list[iam.PolicyStatement]:
        """Take the roles that `cdk bootstrap` and the lakehouse made, and ask whether what was deployed answers."""

        def arn(service: str, resource: str) -> str:
            return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

        def role_arn(name: str) -> str:
            return f"arn:{self.partition}:iam::{self.account}:role/{name}"

        bootstrap = [f"cdk-{BOOTSTRAP_QUALIFIER}-{role}-role-{self.account}-{self.region}" for role in BOOTSTRAP_ROLES]
        results = f"arn:{self.partition}:s3:::{names.results_bucket}"
        contracts = f"arn:{self.partition}:s3:::{names.contracts_uri.removeprefix('s3://')}"
        return [
            iam.PolicyStatement(
                sid="Deploy",
                actions=["sts:AssumeRole"],
                resources=[role_arn(name) for name in (*bootstrap, names.tables_role)],
            ),
            iam.PolicyStatement(
                sid="Jobs", actions=["glue:GetJob"], resources=[arn("glue", f"job/{names.job(move)}") for move in Move]
            ),
            iam.PolicyStatement(sid="Ask", actions=QUERY, resources=[arn("athena", f"workgroup/{names.workgroup}")]),
            iam.PolicyStatement(sid="ResultsBucket", actions=["s3:GetBucketLocation"], resources=[results]),
            iam.PolicyStatement(
                sid="Results",
                actions=["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
                resources=[f"{results}/{names.workgroup}/*"],
            ),
            iam.PolicyStatement(
                sid="ListContracts",
                actions=["s3:ListBucket"],
                resources=[f"arn:{self.partition}:s3:::{names.scripts_bucket}"],
                conditions={"StringLike": {"s3:prefix": f"{contracts.partition('/')[2]}*"}},
            ),
            iam.PolicyStatement(sid="Contracts", actions=["s3:GetObject"], resources=[f"{contracts}*"]),
            iam.PolicyStatement(
                sid="Key",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[arn("kms", "key/*")],
                conditions={
                    "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias},
                    "StringEquals": {"kms:ViaService": f"s3.{self.region}.amazonaws.com"},
                },
            ),
        ]
