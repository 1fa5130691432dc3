"""Environment variables: those of the server process, and those that point AWS SDKs at it."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

HOST = "127.0.0.1"
ROOT, TOKEN, LOG_LEVEL = "LAKEHOUSE_EMULATOR_ROOT", "LAKEHOUSE_EMULATOR_TOKEN", "LAKEHOUSE_EMULATOR_LOG_LEVEL"
"""Variables of the server process: its root folder, the token that identifies it, its log level (INFO by default)."""


def server_environment(root: Path, *, port: int, account: str, region: str) -> dict[str, str]:
    """Return the variables that make ministack local, persistent and free of docker."""
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(root / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(root / "s3"),
        "LOG_LEVEL": os.environ.get(LOG_LEVEL, "INFO"),
        ROOT: str(root),
    }


def endpoint_environment(*, endpoint: str, account: str, region: str) -> dict[str, str]:
    """Return the variables that point AWS SDKs, the CDK CLI and query engines at an endpoint.

    SDKs add checksums by default to protect requests on a network. On 127.0.0.1 they cost more than the transfer, so
    they are switched off.
    """
    hosts = [host for host in os.environ.get("NO_PROXY", "").split(",") if host]
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "NO_PROXY": ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"])),
    }


def without_aws(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that do not configure an AWS SDK."""
    return {name: value for name, value in variables.items() if not name.startswith("AWS_")}


def shell_commands(variables: Mapping[str, str]) -> list[str]:
    """Return shell commands that set variables, after one that unsets those that would take precedence over them."""
    overriding = [name for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE") if name in os.environ]
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return ([f"unset {' '.join(overriding)}"] if overriding else []) + exports
