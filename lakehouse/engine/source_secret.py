"""The secret of a source database: how the command line connects to the database."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def read(secret_id: str) -> dict[str, Any]:
    """Return the members of a secret.

    Raises:
        ClientError: it cannot be read.
    """
    members: dict[str, Any] = json.loads(
        boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    )
    return members


def connection_settings(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a connection to PostgreSQL, without the database; beyond this machine it requires TLS.

    Args:
        members: members of the secret: host, port, username and password.

    Raises:
        KeyError: one of them is missing.
    """
    return {
        "host": members["host"],
        "port": members["port"],
        "user": members["username"],
        "password": members["password"],
        "sslmode": "prefer" if members["host"] in LOOPBACK else "require",
    }
