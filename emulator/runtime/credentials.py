"""Access keys that the emulator itself issues: for services that act as a role, and for the calls of a principal.

AWS's services assume the role that a resource names (a Glue job, a function, a build ...) and call other services with
the credentials of that session. Here the same holds: `credentials_of` returns keys of a session that the server knows.
"""

import secrets
import threading
import time
from dataclasses import dataclass

from emulator.runtime.principals import Principal
from emulator.runtime.responses import Json

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
            credentials = _new()
            session = {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
                "RoleArn": role_arn,
                "UserId": f"{sts._role_id(role_arn)}:{session_name}",
                "AccountId": account,
                "PrincipalType": "AssumedRole",
            }
            _keep(credentials, session)
            _issued[role_arn, session_name] = credentials
        return credentials


def forwarded(principal: Principal, via: str) -> Credentials:
    """Return credentials with which a service calls others on behalf of a principal (a forward access session).

    Args:
        principal: the caller of the service; root keeps the key of root.
        via: name of the service, such as `athena.amazonaws.com`.
    """
    if principal.kind not in ("user", "role", "federated"):
        return of_root(principal.account)
    with _lock:
        credentials = _issued.get((principal.access_key, via))
        if credentials is None:
            credentials = _new()
            kinds = {"user": "User", "role": "AssumedRole", "federated": "FederatedUser"}
            _keep(
                credentials,
                dict(principal.session)
                | {"Arn": principal.arn, "AccountId": principal.account, "PrincipalType": kinds[principal.kind]}
                | ({"RoleArn": principal.role} if principal.role else {"PrincipalName": principal.name})
                | {"Via": via},
            )
            _issued[principal.access_key, via] = credentials
        return credentials


def _new() -> Credentials:
    return Credentials(
        access_key="ASIA" + secrets.token_hex(8).upper(),
        secret_key=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(60),
    )


def _keep(credentials: Credentials, session: Json) -> None:
    from ministack.services import sts

    keys = {"SecretAccessKey": credentials.secret_key, "SessionToken": credentials.token}
    sts._sessions[credentials.access_key] = {"IssuedAt": time.time(), **session, **keys}


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
