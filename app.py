"""Entry point of the CDK app: `cdk synth`, `cdk deploy --all` and other commands run this file.

Only this file reads the process environment (account and region, which the CDK CLI takes from the caller's credentials)
and the context: `-c environment=dev`, `-c profile=minimal`, `-c contracts=FOLDER`. `-c environment=all` synthesizes
every environment in every profile, for checks and not for a deployment. `-c deploy-roles=dev,prod` with
`-c github=OWNER/NAME` synthesizes only the roles with which pipelines deploy these environments.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import App, Aws, Stage, Validations
from cdk_nag import AwsSolutionsChecks

from lakehouse.contracts.loader import load_contracts
from lakehouse.names import Names
from stacks.deploy_roles.pipelines import azure, github
from stacks.deploy_roles.stack import DeployRoles
from stacks.lakehouse import add_lakehouse
from stacks.settings import ENVIRONMENTS, Profile, Settings, settings_of

ROOT = Path(__file__).parent


def build(app: App, *, account: str | None, region: str | None) -> None:
    """Add the stacks that the context selects to the app, and check them with cdk-nag.

    Args:
        app: the app; with one environment it contains the stacks directly, so that `--all` means all of them.
        account, region: target of the deployment; if None, CloudFormation inserts them.
    """
    place = {"account": account or Aws.ACCOUNT_ID, "region": region or Aws.REGION}
    environment, profile = app.node.get_context("environment"), app.node.try_get_context("profile")
    contracts = load_contracts(ROOT / app.node.get_context("contracts"))

    def add(stage: Stage, settings: Settings) -> None:
        names = Names(environment=settings.environment, **place)
        add_lakehouse(stage, names=names, settings=settings, contracts=contracts, root=ROOT)

    try:
        if environments := app.node.try_get_context("deploy-roles"):
            _add_deploy_roles(app, environments.split(","), **place)
        elif environment == "all":
            for name in ENVIRONMENTS:
                for each in Profile:
                    add(Stage(app, f"{name}-{each}"), settings_of(name, profile=each))
        else:
            add(app, settings_of(environment, profile=profile))
    except ValueError as error:
        raise SystemExit(str(error)) from None
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def _add_deploy_roles(app: App, environments: Sequence[str], *, account: str, region: str) -> None:
    """Add the deployment roles of the pipelines that the context names.

    Raises:
        ValueError: an environment does not exist, no pipeline is named, or the name of a pipeline is malformed.
    """
    context = app.node.try_get_context
    pipelines = [kind(context(name)) for name, kind in (("github", github), ("azure", azure)) if context(name)]
    if not pipelines:
        raise ValueError("no pipeline: expected -c github=OWNER/NAME, -c azure=ORGANIZATION_ID/ORGANIZATION/PROJECT")
    DeployRoles(
        app,
        names=[
            Names(environment=settings_of(name).environment, account=account, region=region) for name in environments
        ],
        pipelines=pipelines,
        providers_exist=context("identity-providers") == "exist",
    )


if __name__ == "__main__":
    cdk_app = App()
    build(cdk_app, account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
    cdk_app.synth()
