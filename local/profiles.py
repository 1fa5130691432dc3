"""Credentials of a role on this machine, as `aws sts assume-role` with a second factor gives them."""

import getpass

import boto3
from botocore.exceptions import ClientError

from emulator.runtime.server_lifecycle import Server, environment
from lakehouse.errors import LakehouseError
from lakehouse.names import Names

ENVIRONMENT = "dev"


def role_environment(server: Server, role: str) -> dict[str, str]:
    """Return the variables that point AWS SDKs at the emulator in a session of a role.

    The administrator assumes the role. The emulator has no device for a second factor and accepts every code.

    Args:
        server: the emulator.
        role: ARN of the role, its name, or its purpose in the development environment, such as `operator`.

    Raises:
        LakehouseError: there is no such role, or its trust policy does not let people assume it.
    """
    variables = environment(server)
    session = boto3.Session(server.access_key, server.secret_key, region_name=server.region)
    iam, sts = (session.client(service, endpoint_url=server.endpoint) for service in ("iam", "sts"))
    name = role.rpartition("/")[2]
    by_purpose = Names(environment=ENVIRONMENT, account=server.account, region=server.region).role(name)
    pages = iam.get_paginator("list_roles").paginate()
    arns = {known["RoleName"]: known["Arn"] for page in pages for known in page["Roles"]}
    found = next((arns[known] for known in (name, by_purpose) if known in arns), None)
    if found is None:
        raise LakehouseError(f"there is no role {role}: deploy the stacks, or name a role by its ARN, name or purpose")
    try:
        credentials = sts.assume_role(
            RoleArn=found,
            RoleSessionName=getpass.getuser(),
            SerialNumber=f"arn:aws:iam::{server.account}:mfa/administrator",
            TokenCode="000000",
        )["Credentials"]
    except ClientError as error:
        raise LakehouseError(f"{found}: {error.response['Error']['Message']}") from error
    return variables | {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
