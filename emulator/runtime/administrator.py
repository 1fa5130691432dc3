"""The first user of the account, an administrator, with which people work: the root user is for nobody's daily work."""

import secrets
import time

from emulator.runtime.credentials import Credentials

USER = "administrator"
POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


def new() -> Credentials:
    """Return a new access key, which `ensure` makes known."""
    return Credentials(access_key="AKIA" + secrets.token_hex(8).upper(), secret_key=secrets.token_urlsafe(30))


def ensure(credentials: Credentials, account: str) -> None:
    """Create the user, its access key and its second factor, if they do not exist.

    A user that was deleted appears again: the key of the shell is always an administrator's.

    Args:
        credentials: the access key.
        account: account of the user.
    """
    from ministack.services import iam  # type: ignore[import-untyped]

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    device = f"arn:aws:iam::{account}:mfa/{USER}"
    if not iam._mfa_devices.contains_scoped(account, None, device):
        enabled = {"SerialNumber": device, "Path": "/", "User": USER, "CreateDate": now, "EnableDate": now, "Tags": []}
        iam._mfa_devices.set_scoped(
            account, None, device, enabled | {"Base32StringSeed": secrets.token_hex(16).upper()}
        )
    if iam._access_keys.contains_scoped(account, None, credentials.access_key):
        return
    user = {
        "UserName": USER,
        "Arn": f"arn:aws:iam::{account}:user/{USER}",
        "UserId": "AIDA" + secrets.token_hex(8).upper(),
        "CreateDate": now,
        "Path": "/",
        "AttachedPolicies": [POLICY],
        "Tags": [],
    }
    if not iam._users.contains_scoped(account, None, USER):
        iam._users.set_scoped(account, None, USER, user)
    key = {
        "UserName": USER,
        "AccessKeyId": credentials.access_key,
        "SecretAccessKey": credentials.secret_key,
        "Status": "Active",
        "CreateDate": now,
    }
    iam._access_keys.set_scoped(account, None, credentials.access_key, key)
