"""Credentials of a role on this machine, as `aws sts assume-role` with a second factor gives them."""

import contextlib
import getpass
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from emulator.runtime.server_lifecycle import Server, environment
from lakehouse.errors import LakehouseError
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.operations import dbt

ENVIRONMENT = "dev"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
CONFIG = "AWS_CONFIG_FILE"
DBT = "dbt"
WORKGROUP_OF = "LAKEHOUSE_ROLE"
"""Setting: the role in whose workgroup `lakehouse query` runs."""
VARIABLES = (*KEYS, CONFIG, dbt.PROFILE, WORKGROUP_OF)
"""What a session of a role sets; `lakehouse local env` without a role removes it from a shell."""


@contextlib.contextmanager
def acting_as(server: Server, role: str) -> Iterator[None]:
    """Let this process call the emulator as a role in a block; `role` is one as in `role_environment`."""
    variables = role_environment(server, role)
    before = {name: os.environ.get(name) for name in VARIABLES}
    _use(variables)
    try:
        yield
    finally:
        _use(before)


def _use(variables: Mapping[str, str | None]) -> None:
    for name in VARIABLES:
        if value := variables.get(name):
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    boto3.DEFAULT_SESSION = None  # the default session keeps the credentials that it found first


def role_environment(server: Server, role: str) -> dict[str, str]:
    """Return the variables that point AWS SDKs at the emulator in a session of a role, and dbt at its own role.

    The emulator has no device for a second factor and accepts every code.

    Args:
        server: the emulator.
        role: ARN of the role, its name, or its purpose in the development environment, such as `operator`.

    Raises:
        LakehouseError: there is no such role, or its trust policy does not let people assume it.
    """
    variables = environment(server)
    administrator = boto3.Session(server.access_key, server.secret_key)
    iam, sts = (administrator.client(name, server.region, endpoint_url=server.endpoint) for name in ("iam", "sts"))
    name = role.rpartition("/")[2]
    names = Names(environment=ENVIRONMENT, account=server.account, region=server.region)
    by_purpose = names.role(name)
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
    keys = dict(
        zip(KEYS, (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")), strict=True)
    )
    config = server.root / "profiles" / found.rpartition("/")[2]
    _write_profiles(config, keys, dbt_role=f"arn:aws:iam::{server.account}:role/{names.dbt_role}")
    purpose = next((one for one in ROLES if found.rpartition("/")[2] == names.role(one)), None)
    workgroup = {WORKGROUP_OF: purpose} if purpose else {}
    return variables | keys | {CONFIG: str(config), dbt.PROFILE: DBT} | workgroup


def _write_profiles(path: Path, keys: Mapping[str, str], *, dbt_role: str) -> None:
    """Write a configuration file of AWS's SDKs in which the profile `dbt` assumes dbt's role from a session.

    Whoever builds models (`lakehouse build`, `lakehouse erase`) needs it, as docs/deploy.md says of an AWS account.
    """
    own = "\n".join(f"{name.lower()} = {value}" for name, value in keys.items())
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"[profile session]\n{own}\n\n[profile {DBT}]\nrole_arn = {dbt_role}\nsource_profile = session\n")
