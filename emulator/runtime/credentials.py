"""Access keys that the emulator itself issues: for services that act as a role, and for the calls of a principal.

AWS's services assume the role that a resource names (a Glue job, a function, a build ...) and call other services with
the credentials of that session. Here the same holds: `credentials_of` returns keys of a session that the server knows.
"""

import secrets
import threading
import time
from dataclasses import dataclass

from emulator.runtime.principals import Principal

_lock = threading.Lock()
_issued: dict[tuple[str, str], "Credentials"] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Credentials that the server knows.

    Attributes:
        access_key: access key id.
        secret_key: secret access key.
        token: session token of temporary credentials.
    """

    access_key: str
    secret_key: str
    token: str | None = None

    def environment(self) -> dict[str, str]:
        """Return the variables that make AWS SDKs use the credentials."""
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        return keys | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


def of_root(account: str) -> Credentials:
    """Return the credentials of an account's root user: the account number."""
    return Credentials(access_key=account, secret_key="local")  # noqa: S106 - the key of root is not secret


def credentials_of(role_arn: str, session_name: str) -> Credentials:
    """Return the credentials of a session of a role, for the service that assumes it.

    They are valid while the server runs. Calls with the same names return the same credentials.

    Args:
        role_arn: ARN of the role.
        session_name: name of the session, as the service names it.
    """
    from ministack.services import sts  # type: ignore[import-untyped]

    account = role_arn.split(":")[4]
    name = role_arn.rpartition("/")[2]
    with _lock:
        credentials = _issued.get((role_arn, session_name))
        if credentials is None:
            credentials = Credentials(
                access_key="ASIA" + secrets.token_hex(8).upper(),
                secret_key=secrets.token_urlsafe(30),
                token=secrets.token_urlsafe(60),
            )
            session = {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
                "RoleArn": role_arn,
                "UserId": f"{sts._role_id(role_arn)}:{session_name}",
                "SecretAccessKey": credentials.secret_key,
                "SessionToken": credentials.token,
                "AccountId": account,
                "PrincipalType": "AssumedRole",
                "IssuedAt": time.time(),
            }
            sts._sessions[credentials.access_key] = session
            _issued[role_arn, session_name] = credentials
        return credentials


def of_principal(principal: Principal) -> Credentials:
    """Return the credentials with which the server calls itself on behalf of a principal.

    A user or a session keeps its own. Root, a service and a caller without credentials get those of root.
    """
    from ministack.services import iam, sts

    session = sts._sessions.get(principal.access_key)
    if session is not None:
        return Credentials(
            access_key=principal.access_key,
            secret_key=session["SecretAccessKey"],
            token=session.get("SessionToken"),
        )
    key = iam._access_keys.get_scoped(principal.account, None, principal.access_key)
    if key is not None:
        return Credentials(access_key=principal.access_key, secret_key=key["SecretAccessKey"])
    return of_root(principal.account)
