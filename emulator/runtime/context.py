"""The running server and the current request: where the server is, whose request it answers, clients for both."""

import contextlib
import contextvars
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from ministack.core.responses import get_account_id, get_region  # type: ignore[import-untyped]

from emulator.runtime import principals
from emulator.runtime.credentials import Credentials, credentials_of, forwarded, of_principal, of_root
from emulator.runtime.environment import HOST, ROOT, TOKEN, endpoint_environment, server_environment, without_aws
from emulator.runtime.principals import Principal
from emulator.runtime.responses import AwsError

endpoint = f"http://{HOST}:{os.environ['GATEWAY_PORT']}"
root = Path(os.environ[ROOT])

_SERVER_ONLY = {TOKEN, *server_environment(root, port=0, account="", region="")}

_session: Any = boto3.session.Session()
_session_lock = threading.Lock()
_principal: contextvars.ContextVar[Principal | None] = contextvars.ContextVar("principal", default=None)
_problem: contextvars.ContextVar[AwsError | None] = contextvars.ContextVar("problem_with_credentials", default=None)


def account() -> str:
    """Return the AWS account id of the current request."""
    return str(get_account_id())


def region() -> str:
    """Return the AWS region of the current request."""
    return str(get_region())


def arn(service: str, resource: str) -> str:
    """Return the ARN of a resource in the account and region of the current request."""
    return f"arn:aws:{service}:{region()}:{account()}:{resource}"


def principal() -> Principal:
    """Return the caller of the current request, or whom the current work acts as.

    Work that no request began, such as a delivery of ministack, has the principal of a service.
    """
    return _principal.get() or principals.service("amazonaws.com", account())


def set_principal(caller: Principal, *, problem: AwsError | None = None) -> None:
    """Set the caller of the current request, and what is wrong with its credentials."""
    _principal.set(caller)
    _problem.set(problem)


def problem_with_credentials() -> AwsError | None:
    """Return what is wrong with the credentials of the current request: nobody has the key, or the token expired."""
    return _problem.get()


@contextlib.contextmanager
def acting_as(caller: Principal) -> Iterator[None]:
    """Act as a principal in a block, in the threads and tasks that start in it, and in calls within the server."""
    token, problem = _principal.set(caller), _problem.set(None)
    try:
        yield
    finally:
        _principal.reset(token)
        _problem.reset(problem)


def role_session(role_arn: str, session_name: str) -> Principal:
    """Return the principal of a session of a role, for `acting_as`."""
    issued = credentials_of(arn_of_role(role_arn), session_name)
    return principals.of_access_key(issued.access_key, token=issued.token)


def client(service: str, *, role: str | None = None, session: str = "emulator") -> Any:
    """Return a boto3 client of this server for the account and region of the current request.

    Args:
        service: name of the service, as boto3 spells it.
        role: the role that the client acts as, by ARN or name; None: the caller of the current request.
        session: name of the role's session.
    """
    return _client(service, credentials(role=role, session=session), region())


def child_environment(*, role: str | None = None, session: str = "emulator") -> dict[str, str]:
    """Return the environment of a child process that works on this server.

    It is the environment that the server was started with, without the server's own variables, and with AWS variables
    for this server, the region of the current request, and a role or the caller as in `client`.
    """
    return without_aws(inherited_environment()) | aws_environment(role=role, session=session)


def inherited_environment() -> dict[str, str]:
    """Return the environment that the server was started with, without the server's own variables."""
    return {name: value for name, value in os.environ.items() if name not in _SERVER_ONLY}


def aws_environment(*, role: str | None = None, session: str = "emulator") -> dict[str, str]:
    """Return the AWS variables for this server, the region of the current request, and a role or the caller."""
    variables = endpoint_environment(endpoint=endpoint, account=account(), region=region())
    return variables | credentials(role=role, session=session).environment()


def credentials(*, role: str | None = None, session: str = "emulator") -> Credentials:
    """Return credentials of a session of a role, or those of the caller, as in `client`."""
    if role:
        return credentials_of(arn_of_role(role), session)
    caller = principal()
    if caller.account != account():  # ministack works for another account than that of the caller
        return of_root(account())
    return of_principal(caller)


def forwarded_credentials(via: str) -> Credentials:
    """Return the credentials with which a service, such as `athena.amazonaws.com`, calls others for its caller."""
    caller = principal()
    return of_root(account()) if caller.account != account() else forwarded(caller, via)


def arn_of_role(role: str) -> str:
    """Return the ARN of a role, which some APIs accept by its name."""
    return role if role.startswith("arn:") else principals.role_arn(role.rpartition("/")[2], account())


@lru_cache(maxsize=256)
def _client(service: str, keys: Credentials, region_name: str) -> Any:
    with _session_lock:
        return _session.client(
            service,
            endpoint_url=endpoint,
            region_name=region_name,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=Config(retries={"max_attempts": 1}, inject_host_prefix=False, max_pool_connections=32, proxies={}),
        )
