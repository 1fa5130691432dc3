"""Credentials of a role on this machine, as `aws sts assume-role` with a second factor gives them."""

import contextlib
import getpass
import os
from collections.abc import Iterator, Mapping

import boto3
from botocore.exceptions import ClientError

from emulator.runtime.server_lifecycle import Server, environment
from lakehouse.errors import LakehouseError
from lakehouse.names import Names

ENVIRONMENT = "dev"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@contextlib.contextmanager
def acting_as(server: Server, *roles: str) -> Iterator[None]:
    """Let this process call the emulator as a role in a block.

    Args:
        server: the emulator.
        roles: roles as in `role_environment`; the administrator assumes the first, which assumes the second ...
    """
    variables = environment(server)
    for role in roles:
        variables = role_environment(server, role, caller=variables)
    before = {name: os.environ.get(name) for name in KEYS}
    _use(variables)
    try:
        yield
    finally:
        _use(before)


def _use(variables: Mapping[str, str | None]) -> None:
    for name in KEYS:
        if value := variables.get(name):
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    boto3.DEFAULT_SESSION = None  # the default session keeps the credentials that it found first


def role_environment(server: Server, role: str, *, caller: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables that point AWS SDKs at the emulator in a session of a role.

    The emulator has no device for a second factor and accepts every code.

    Args:
        server: the emulator.
        role: ARN of the role, its name, or its purpose in the development environment, such as `operator`.
        caller: variables of the caller that assumes the role; None: the administrator's.

    Raises:
        LakehouseError: there is no such role, or its trust policy does not let people assume it.
    """
    variables = environment(server)
    iam = boto3.Session(server.access_key, server.secret_key).client("iam", server.region, endpoint_url=server.endpoint)
    key, secret, token = ((caller or variables).get(name) for name in KEYS)
    sts = boto3.Session(key, secret, token).client("sts", server.region, endpoint_url=server.endpoint)
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
