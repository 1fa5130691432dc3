"""IAM: policies that IAM does not accept are refused, also in stacks, and sessions stay valid when the server restarts.

A role with a malformed policy fails the stack with `MalformedPolicyDocument`.
"""

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-untyped]
from ministack.services import iam, sts  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.authorization.policies import MalformedPolicyError, check

STATE = "sts_sessions"


def register() -> None:
    """Check policies as IAM does, and keep sessions."""
    iam_evaluator.validate_policy_document = problem
    iam._trust_policy_not_principal_error = problem_of_trust
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
