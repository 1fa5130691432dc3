"""CDK entry: `cdk synth`, `cdk deploy --all` and the like run this file.

It alone reads the process environment (account and region, which the CDK CLI takes from the caller's credentials) and
the context: `-c environment=dev`, `-c profile=minimal`, `-c contracts=FOLDER`. `-c environment=all` is every
environment in every profile, to be synthesized and checked, not deployed.
"""

import os
from pathlib import Path

from aws_cdk import App, Aws, Stage, Validations
from cdk_nag import AwsSolutionsChecks

from lakehouse.contract_loader import load_contracts
from lakehouse.names import Names
from stacks.lakehouse import add_lakehouse
from stacks.settings import ENVIRONMENTS, Profile, Settings, settings_of

ROOT = Path(__file__).parent


def build(app: App, *, account: str | None, region: str | None) -> None:
    """Put the environment that the app's context names into the app, under cdk-nag's rules.

    Args:
        app: is the stage of that environment, so that `--all` means all its stacks.
        account, region: where to deploy; where they are None, CloudFormation fills them in.
    """
    contracts = load_contracts(ROOT / app.node.get_context("contracts"))
    for stage, settings in _stages(app):
        names = Names(environment=settings.environment, account=account or Aws.ACCOUNT_ID, region=region or Aws.REGION)
        add_lakehouse(stage, names=names, settings=settings, contracts=contracts, root=ROOT)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def _stages(app: App) -> list[tuple[Stage, Settings]]:
    environment, profile = app.node.get_context("environment"), app.node.try_get_context("profile")
    if environment == "all":
        return [
            (Stage(app, f"{name}-{profile}"), settings_of(name, profile=profile))
            for name in ENVIRONMENTS
            for profile in Profile
        ]
    try:
        return [(app, settings_of(environment, profile=profile))]
    except ValueError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    cdk_app = App()
    build(cdk_app, account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
    cdk_app.synth()
