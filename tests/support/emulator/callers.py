"""Roles of the emulator and clients that act as them, on a server that denies."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from emulator.runtime import server_lifecycle

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@contextmanager
def denying_server(root: Path, *, mode: str = "on") -> Iterator[server_lifecycle.Server]:
    """Yield a server that denies, or has another mode; the process's AWS variables point at it as its root user."""
    variables = {"LAKEHOUSE_LOCAL_AUTHORIZATION": mode}
    server = server_lifecycle.up(root, python=os.environ.get("LOCAL_PYTHON", sys.executable), variables=variables)
    before = dict(os.environ)
    keys = {"AWS_ACCESS_KEY_ID": server.account, "AWS_SECRET_ACCESS_KEY": "local"}
    os.environ |= server_lifecycle.environment(server) | keys
    boto3.DEFAULT_SESSION = None  # it keeps the credentials that it found first
    try:
        yield server
    finally:
        server_lifecycle.down(root)
        os.environ.clear()
        os.environ.update(before)
        boto3.DEFAULT_SESSION = None


def as_root(service: str, *, endpoint: str | None = None) -> Any:
    """Return a client of the account's root user, whom nothing is refused.

    Args:
        service: name of the service.
        endpoint: endpoint of the server; None: that of the process's AWS variables.
    """
    account = "000000000000"
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "local", "aws_session_token": None}
    return boto3.client(service, endpoint_url=endpoint, **keys)  # type: ignore[call-overload]


def make_role(name: str, *, endpoint: str | None = None) -> str:
    """Return the ARN of a role that everybody may assume and IAM allows everything; it is created if it is missing."""
    iam = as_root("iam", endpoint=endpoint)
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(ALL))
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def open_to(service: str, action: str) -> str:
    """Return the policy of a queue or topic that lets a service, such as `events`, use it."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Caller:
    """A role whose IAM policy allows everything, so that only Lake Formation decides.

    Args:
        name: name of the role; it is created if it does not exist.

    Attributes:
        arn: ARN of the role.
        session: a boto3 session of the role.
    """

    def __init__(self, name: str) -> None:
        self.arn = make_role(name)
        self._lake = as_root("lakeformation")
        keys = as_root("sts").assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]
        self.session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def client(self, service: str) -> Any:
        """Return a client that acts as the role."""
        return self.session.client(service)  # type: ignore[call-overload]

    def grant(self, resource: dict[str, Any], *permissions: str) -> None:
        """Grant permissions of Lake Formation to the role, as the root user."""
        self._lake.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": self.arn}, Resource=resource, Permissions=list(permissions)
        )

    def revoke_all(self) -> None:
        """Revoke what the role was granted, also what it got for what it created."""
        client = self._lake
        principal = {"DataLakePrincipalIdentifier": self.arn}
        for entry in client.list_permissions(Principal=principal)["PrincipalResourcePermissions"]:
            client.revoke_permissions(Principal=principal, Resource=entry["Resource"], Permissions=entry["Permissions"])


def close_lake(*administrators: str) -> None:
    """Let Lake Formation alone decide about new databases and tables, as the governance stack does."""
    as_root("lakeformation").put_data_lake_settings(
        DataLakeSettings={
            "DataLakeAdmins": [{"DataLakePrincipalIdentifier": arn} for arn in administrators],
            "CreateDatabaseDefaultPermissions": [],
            "CreateTableDefaultPermissions": [],
        }
    )


def open_lake() -> None:
    """Give the lake the settings of a new account."""
    everybody: Any = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
    as_root("lakeformation").put_data_lake_settings(
        DataLakeSettings={
            "CreateDatabaseDefaultPermissions": everybody,
            "CreateTableDefaultPermissions": everybody,
        }
    )
