"""Who runs the doctor, and the sessions of the roles that this person may take."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import boto3

from lakehouse.engine.role_arns import role_arn
from lakehouse.governance.roles import ROLES
from lakehouse.names import Names
from lakehouse.operations.doctor.check import Deployment, Finding, client, failed, passed

PURPOSES = (*ROLES, "tables", "erasure")
"""Purposes of the roles that people take."""
SESSION = "lakehouse-doctor"
_KEYS = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}

Credentials = Mapping[str, str]
"""Credentials as STS returns them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller of AWS.

    Attributes:
        arn: ARN of the user, of the session of a role, or of root.
        user_id: AWS's id of it.
        secrets: texts that no report may have, among them the keys of all sessions.
    """

    arn: str
    user_id: str
    secrets: set[str] = field(default_factory=set)

    @property
    def role(self) -> str | None:
        """Name of the role, if the caller is a session of one."""
        kind, _, rest = self.arn.rpartition(":")[2].partition("/")
        return rest.rpartition("/")[0].rpartition("/")[2] if kind == "assumed-role" else None

    @property
    def user(self) -> str | None:
        """Name of the user; None for sessions of roles and for root."""
        kind, _, rest = self.arn.rpartition(":")[2].partition("/")
        return rest.rpartition("/")[2] if kind == "user" else None

    @property
    def is_root(self) -> bool:
        """Whether it is the root user of the account."""
        return self.arn.endswith(":root")


def identify(names: Names) -> Caller:
    """Return the caller of the current credentials."""
    identity = client("sts").get_caller_identity()
    caller = Caller(arn=identity["Arn"], user_id=identity["UserId"])
    # The last part of a session's ARN and of its id is its name, for people often an e-mail address.
    caller.secrets.update((names.account, caller.arn, *caller.user_id.split(":"), caller.arn.rpartition("/")[2]))
    credentials = boto3.Session().get_credentials()
    if credentials is not None:
        frozen = credentials.get_frozen_credentials()
        caller.secrets.update(text for text in (frozen.access_key, frozen.secret_key, frozen.token) if text)
    return caller


def with_second_factor(caller: Caller, *, serial: str, code: str) -> Credentials:
    """Return credentials of the user that have a second factor, with which several roles can be taken.

    AWS accepts each code once, so a code for each role would take half a minute each.
    """
    credentials: Credentials = client("sts").get_session_token(SerialNumber=serial, TokenCode=code)["Credentials"]
    caller.secrets.update((serial, code, *(str(credentials[name]) for name in _KEYS.values())))
    return credentials


def take(purpose: str, *, names: Names, caller: Caller) -> Credentials | None:
    """Return the credentials of a role; None if the caller is a session of that role already.

    Raises:
        ClientError: the caller may not take it.
    """
    role = names.role(purpose)
    if caller.role == role:
        return None
    answer = client("sts").assume_role(RoleArn=role_arn(role, names=names), RoleSessionName=SESSION)
    credentials: Credentials = answer["Credentials"]
    caller.secrets.update(str(credentials[name]) for name in _KEYS.values())
    return credentials


@contextlib.contextmanager
def using(credentials: Credentials | None) -> Iterator[None]:
    """Let this process call AWS with credentials in a block: boto3, PyIceberg and Arrow all read these variables."""
    if credentials is None:
        yield
        return
    before = {name: os.environ.get(name) for name in _KEYS}
    _set({name: str(credentials[member]) for name, member in _KEYS.items()})
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    boto3.DEFAULT_SESSION = None  # the default session keeps the credentials that it found first


def who_calls(deployment: Deployment) -> Iterator[Finding]:
    """Check that the caller is a person with a second factor, or a session whose name CloudTrail shows."""
    caller = identify(deployment.names)
    if caller.is_root:
        yield failed("caller", "the root user of the account: it takes no roles, and no policy limits it")
    elif caller.user is not None:
        devices = client("iam").list_mfa_devices(UserName=caller.user)["MFADevices"]
        if devices:
            yield passed("caller", f"a user with {len(devices)} second factor(s)")
        else:
            yield failed("caller", "a user without a second factor: the roles of the lakehouse ask for one")
    else:
        yield passed("caller", f"a session of the role {caller.role}; CloudTrail shows its name in each call")
