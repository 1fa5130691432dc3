"""CDK entry: `cdk synth`, `cdk deploy --all` and the like run this file.

It alone reads the process environment (account and region, which the CDK CLI takes from the caller's credentials) and
the context: `-c environment=dev`, `-c contracts=FOLDER`.
"""

import os
from pathlib import Path

from aws_cdk import App, Aws, Validations
from cdk_nag import AwsSolutionsChecks

from lakehouse.contract_loader import load_contracts
from lakehouse.names import Names
from stacks.lakehouse import add_lakehouse
from stacks.settings import ENVIRONMENTS

ROOT = Path(__file__).parent


def build(app: App, *, account: str | None, region: str | None) -> None:
    """Put the environment that the app's context names into the app, under cdk-nag's rules.

    Args:
        app: is the stage of that environment, so that `--all` means all its stacks.
        account, region: where to deploy; where they are None, CloudFormation fills them in.
    """
    environment = app.node.get_context("environment")
    if environment not in ENVIRONMENTS:
        raise SystemExit(f"no environment '{environment}': expected one of {', '.join(ENVIRONMENTS)}")
    add_lakehouse(
        app,
        names=Names(environment=environment, account=account or Aws.ACCOUNT_ID, region=region or Aws.REGION),
        settings=ENVIRONMENTS[environment],
        contracts=load_contracts(ROOT / app.node.get_context("contracts")),
        root=ROOT,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


if __name__ == "__main__":
    cdk_app = App()
    build(cdk_app, account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
    cdk_app.synth()
