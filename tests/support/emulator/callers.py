"""Roles of the emulator and clients that act as them."""

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Caller:
    """A role whose IAM policy allows everything, so that only Lake Formation decides.

    Args:
        name: name of the role; it is created if it does not exist.

    Attributes:
        arn: ARN of the role.
        session: a boto3 session of the role.
    """

    def __init__(self, name: str) -> None:
        iam = boto3.client("iam")
        try:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
            iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(ALL))
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityAlreadyExists":
                raise
        self.arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        keys = boto3.client("sts").assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]
        self.session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def client(self, service: str) -> Any:
        """Return a client that acts as the role."""
        return self.session.client(service)  # type: ignore[call-overload]

    def grant(self, resource: dict[str, Any], *permissions: str) -> None:
        """Grant permissions of Lake Formation to the role, as the root user."""
        boto3.client("lakeformation").grant_permissions(
            Principal={"DataLakePrincipalIdentifier": self.arn},
            Resource=resource,  # type: ignore[arg-type]
            Permissions=list(permissions),  # type: ignore[arg-type]
        )

    def revoke_all(self) -> None:
        """Revoke what the role was granted, also what it got for what it created."""
        client: Any = boto3.client("lakeformation")
        principal = {"DataLakePrincipalIdentifier": self.arn}
        for entry in client.list_permissions(Principal=principal)["PrincipalResourcePermissions"]:
            client.revoke_permissions(Principal=principal, Resource=entry["Resource"], Permissions=entry["Permissions"])


def close_lake(*administrators: str) -> None:
    """Let Lake Formation alone decide about new databases and tables, as the governance stack does."""
    boto3.client("lakeformation").put_data_lake_settings(
        DataLakeSettings={
            "DataLakeAdmins": [{"DataLakePrincipalIdentifier": arn} for arn in administrators],
            "CreateDatabaseDefaultPermissions": [],
            "CreateTableDefaultPermissions": [],
        }
    )


def open_lake() -> None:
    """Give the lake the settings of a new account."""
    everybody: Any = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
    boto3.client("lakeformation").put_data_lake_settings(
        DataLakeSettings={
            "CreateDatabaseDefaultPermissions": everybody,
            "CreateTableDefaultPermissions": everybody,
        }
    )
