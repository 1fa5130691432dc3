"""Who calls: the principal of an access key, among the keys that IAM and STS of the emulator issued.

An account number as access key is the root user of that account. The operations of ministack without credentials of
their own (schedulers, deliveries) act as a service principal.

Source: AWS IAM user guide, "AWS JSON policy elements: Principal" and "IAM identifiers".
"""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from emulator.runtime.responses import AwsError, Json

Kind = Literal["root", "user", "role", "federated", "service", "anonymous"]

ACCOUNT = re.compile(r"\d{12}")
INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of a request.

    Attributes:
        kind: what the caller is.
        arn: ARN of the root user, the user or the session; the name of a service; `*` for a request without
            credentials.
        account: account of the caller; empty for a request without credentials.
        role: ARN of the role of a session.
        access_key: the access key; empty if the caller has none.
        session: what STS keeps of the session: its policies and tags, the time of its issue, multi-factor sign-in.
    """

    kind: Kind
    arn: str
    account: str
    role: str | None = None
    access_key: str = ""
    session: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """The name of the user or role, without its path; empty for others."""
        return (self.role or self.arn).rpartition("/")[2] if self.kind in ("user", "role") else ""


def root(account: str) -> Principal:
    """Return the root user of an account."""
    return Principal(kind="root", arn=f"arn:aws:iam::{account}:root", account=account, access_key=account)


def service(name: str, account: str) -> Principal:
    """Return the principal of an AWS service that works for an account, such as `events.amazonaws.com`."""
    return Principal(kind="service", arn=name, account=account)


def anonymous() -> Principal:
    """Return the principal of a request without credentials."""
    return Principal(kind="anonymous", arn="*", account="")


def default_account() -> str:
    """Return the account of the emulator."""
    return os.environ["MINISTACK_ACCOUNT_ID"]


def role_arn(name: str, account: str) -> str:
    """Return the ARN of a role, with its path if the role exists."""
    from ministack.services import iam  # type: ignore[import-untyped]

    role = iam._roles.get_scoped(account, None, name) or {}
    return str(role.get("Arn") or f"arn:aws:iam::{account}:role/{name}")


def of_access_key(access_key: str, *, token: str | None) -> Principal:
    """Return the principal of an access key.

    Args:
        access_key: access key id of a request; empty for a request without credentials.
        token: the request's session token.

    Raises:
        AwsError: nobody has this key, it is not active, or its token is wrong or expired. The code is that of the JSON
            protocols; `authorization.errors` translates it for a service.
    """
    from ministack.services import iam, sts

    if not access_key:
        return anonymous()
    if ACCOUNT.fullmatch(access_key):
        return root(access_key)
    session = sts._sessions.get(access_key)
    if session is not None:
        _check_session(session, token)
        return _of_session(access_key, session)
    for (account, key), record in iam._access_keys.to_dict().items():
        if key == access_key and record.get("Status") == "Active" and not token:
            user = iam._users.get_scoped(account, None, record["UserName"]) or {}
            arn = user.get("Arn") or f"arn:aws:iam::{account}:user/{record['UserName']}"
            return Principal(kind="user", arn=arn, account=account, access_key=access_key)
    raise AwsError("UnrecognizedClientException", INVALID, status=403)


def _check_session(session: Json, token: str | None) -> None:
    expiration = session.get("Expiration")
    if isinstance(expiration, int | float) and time.time() > expiration:
        raise AwsError("ExpiredTokenException", EXPIRED, status=403)
    if token != session.get("SessionToken"):
        raise AwsError("UnrecognizedClientException", INVALID, status=403)


def _of_session(access_key: str, session: Json) -> Principal:
    arn = str(session["Arn"])
    account = str(session.get("AccountId") or arn.split(":")[4])
    kinds: dict[str, Kind] = {"AssumedRole": "role", "User": "user", "FederatedUser": "federated", "Root": "root"}
    kind = kinds.get(session.get("PrincipalType", ""), "role" if ":assumed-role/" in arn else "user")
    role = None
    if kind == "role":
        role = str(session.get("RoleArn") or role_arn(arn.split("/")[1], account))
    return Principal(kind=kind, arn=arn, account=account, role=role, access_key=access_key, session=session)
