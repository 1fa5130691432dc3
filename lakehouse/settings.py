"""Names of the deployment that a command works on: account and region are those of the AWS session."""

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.errors import LakehouseError
from lakehouse.names import Names


def names_of(environment: str) -> Names:
    """Return the names of an environment's deployment in the account and region of the AWS session.

    Args:
        environment: `dev`, `staging` or `prod`.

    Raises:
        LakehouseError: the session has no credentials or no region, or AWS does not answer.
    """
    session = boto3.Session()
    if session.region_name is None:
        raise LakehouseError("no AWS region: set AWS_REGION, or `region` in your AWS profile")
    try:
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        remedy = (
            f"is the server at {endpoint} running? check with `lakehouse local status`"
            if endpoint
            else "sign in to AWS, or start the emulator with `lakehouse local up`"
        )
        raise LakehouseError(f"the AWS account of the session is unknown: {error}; {remedy}") from error
    return Names(environment=environment, account=account, region=session.region_name)
