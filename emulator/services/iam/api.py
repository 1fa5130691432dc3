"""IAM: policies that IAM does not accept are refused, also in stacks, and sessions stay valid when the server restarts.

A role with a malformed policy fails the stack with `MalformedPolicyDocument`. A session that was asked for with a
second factor has it.
"""

import contextvars
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.services import iam, sts  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.authorization.policies import MalformedPolicyError, check

STATE = "sts_sessions"


def register() -> None:
    """Check policies as IAM does, and keep sessions."""
    iam_evaluator.validate_policy_document = problem
    iam._trust_policy_not_principal_error = problem_of_trust
    sts.handle_request, sts.register_session = _handle, _register
    plugin.state(STATE, save=lambda: dict(sts._sessions), load=sts._sessions.update)


def problem(document: str | Mapping[str, Any]) -> str | None:
    """Return IAM's message for a malformed policy of an identity, or None."""
    try:
        check(document, resource_policy=False)
    except MalformedPolicyError as error:
        return str(error)
    return None


def problem_of_trust(document: str | Mapping[str, Any] | None) -> str | None:
    """Return IAM's message for a malformed trust policy, or None."""
    try:
        check(document or "", resource_policy=True)
    except MalformedPolicyError as error:
        return str(error)
    message: str | None = _not_principal(document)
    return message


_not_principal = iam._trust_policy_not_principal_error
_handle_request, _register_session = sts.handle_request, sts.register_session
_with_second_factor: contextvars.ContextVar[bool] = contextvars.ContextVar("with_second_factor", default=False)


async def _handle(method: str, path: str, headers: Any, body: Any, query: Any) -> Any:
    """Answer a request, and remember whether it names a second factor; every code of a device is right here."""
    form = parse_qs((body or b"").decode("utf-8", "replace")) | dict(query or {})
    token = _with_second_factor.set(bool(form.get("SerialNumber") and form.get("TokenCode")))
    try:
        return await _handle_request(method, path, headers, body, query)
    finally:
        _with_second_factor.reset(token)


def _register(access_key: str, session: dict[str, Any]) -> None:
    """Keep a session.

    Source: IAM user guide, "Secure API access with MFA": the key `aws:MultiFactorAuthPresent` is true in a session of
    AssumeRole or GetSessionToken that was asked for with a second factor.
    """
    _register_session(access_key, session | ({"MultiFactor": True} if _with_second_factor.get() else {}))
