"""Roles with which pipelines deploy, by OpenID Connect: no pipeline has a long-lived key.

A separate stack, which an administrator deploys once: it decides who may deploy all other stacks.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse.names import Names
from stacks.deploy_roles.pipelines import Pipeline
from stacks.iam.deployments import WHY_DEPLOY_WILDCARDS, deploy_statements
from stacks.iam.roles import add_inline_role
from stacks.stack import AccountStack

SESSION_HOURS = 2


class DeployRoles(AccountStack):
    """An identity provider for each kind of pipeline, and `names.deploy_role` for each environment.

    Args:
        names: names of each environment that is deployed to this account.
        pipelines: the pipelines that may assume the roles.
        providers_exist: whether the account has the identity providers already; it can have each only once.
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
        super().__init__(scope, first.deploy_roles_stack, names=first, description="Who may deploy the lakehouse")
        providers = {
            pipeline.issuer: self._provider_arn(pipeline, exists=providers_exist, number=number)
            for number, pipeline in enumerate(pipelines)
        }
        for deployment in names:
            self._role(deployment, pipelines=pipelines, providers=providers)
        Tags.of(self).add("project", first.project)

    def _provider_arn(self, pipeline: Pipeline, *, exists: bool, number: int) -> str:
        if exists:
            return self.arn("iam", resource=f"oidc-provider/{pipeline.issuer}", region="")
        return iam.CfnOIDCProvider(
            self, f"Provider{number}", url=f"https://{pipeline.issuer}", client_id_list=[pipeline.audience]
        ).attr_arn

    def _role(self, names: Names, *, pipelines: Sequence[Pipeline], providers: Mapping[str, str]) -> None:
        principals = [
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
        add_inline_role(
            self,
            names.environment,
            policy_name="deploy",
            name=names.deploy_role,
            description=f"Deploys {names.prefix}",
            trusted=principals[0] if len(principals) == 1 else iam.CompositePrincipal(*principals),
            statements=deploy_statements(self, names),
            why_wildcards=WHY_DEPLOY_WILDCARDS,
            session_hours=SESSION_HOURS,
        )
