"""Which deployment is meant: its environment is said, its account and region are those of the AWS session."""

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import LakehouseError
from lakehouse.names import Names


def names_of(environment: str) -> Names:
    """Names of an environment's deployment in the account and region of the AWS session.

    Args:
        environment: `dev`, `staging` or `prod`.

    Raises:
        LakehouseError: no credentials, no region, or no answer from AWS.
    """
    session = boto3.Session()
    if session.region_name is None:
        raise LakehouseError("no AWS region: set AWS_REGION, or `region` in your AWS profile")
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        remedy = (
            f"is the server at {endpoint} running? `lakehouse local status` says"
            if endpoint
            else "sign in to AWS, or start the laptop's with `lakehouse local up`"
        )
        raise LakehouseError(f"AWS does not say who you are: {error}; {remedy}") from error
    return Names(environment=environment, account=account, region=session.region_name)
