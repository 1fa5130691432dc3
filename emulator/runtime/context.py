"""The running server and the current request: where the server is, whose request it answers, clients for both."""

import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]

from emulator.runtime.environment import HOST, ROOT, TOKEN, endpoint_environment, server_environment, without_aws

endpoint = f"http://{HOST}:{os.environ['GATEWAY_PORT']}"
root = Path(os.environ[ROOT])

_SERVER_ONLY = {TOKEN, *server_environment(root, port=0, account="", region="")}

_session: Any = boto3.session.Session()
_session_lock = threading.Lock()


def account() -> str:
    """Return the AWS account id of the current request."""
    return str(get_account_id())


def region() -> str:
    """Return the AWS region of the current request."""
    return str(get_region())


def arn(service: str, resource: str) -> str:
    """Return the ARN of a resource in the account and region of the current request."""
    return f"arn:aws:{service}:{region()}:{account()}:{resource}"


def client(service: str) -> Any:
    """Return a boto3 client of this server for the account and region of the current request."""
    return _client(service, account(), region())


def child_environment() -> dict[str, str]:
    """Return the environment of a child process that works on this server.

    It is the environment that the server was started with, without the server's own variables, and with AWS variables
    for this server and the account and region of the current request.
    """
    return without_aws(inherited_environment()) | aws_environment()


def inherited_environment() -> dict[str, str]:
    """Return the environment that the server was started with, without the server's own variables."""
    return {name: value for name, value in os.environ.items() if name not in _SERVER_ONLY}


def aws_environment() -> dict[str, str]:
    """Return the AWS variables for this server and the account and region of the current request."""
    return endpoint_environment(endpoint=endpoint, account=account(), region=region())


@lru_cache(maxsize=64)
def _client(service: str, account_id: str, region_name: str) -> Any:
    with _session_lock:
        return _session.client(
            service,
            endpoint_url=endpoint,
            region_name=region_name,
            aws_access_key_id=account_id,
            aws_secret_access_key="local",  # noqa: S106 - the emulator checks no signature
            config=Config(retries={"max_attempts": 1}, inject_host_prefix=False, max_pool_connections=32, proxies={}),
        )
