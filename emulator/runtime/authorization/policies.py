"""Policy documents: their statements, parsed once, and what IAM does not accept in them.

Source: AWS IAM user guide, "Grammar of the IAM JSON policy language".
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.runtime.authorization import conditions
from emulator.runtime.authorization.conditions import Keys
from emulator.runtime.authorization.patterns import Lookup, matches

ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
VERSIONS = ("2012-10-17", "2008-10-17")
ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")


class MalformedPolicyError(ValueError):
    """A document that IAM does not accept, with IAM's message."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statement:
    """A statement of a policy.

    Attributes:
        policy: name of its policy, such as `inline/Read` or an ARN.
        label: its Sid, or its position in the policy.
        allows: whether its effect is Allow; it denies otherwise.
        actions: patterns of actions, in lower case.
        excludes_actions: whether it applies to all actions but these (NotAction).
        resources: patterns of resources.
        excludes_resources: whether it applies to all resources but these (NotResource).
        principals: for each type (`AWS`, `Service` ...), the principals; None for a policy of an identity.
        excludes_principals: whether it applies to all principals but these (NotPrincipal).
        conditions: for each operator, the expected values of condition keys, whose names are in lower case.
    """

    policy: str
    label: str
    allows: bool
    actions: tuple[str, ...]
    excludes_actions: bool
    resources: tuple[str, ...]
    excludes_resources: bool
    principals: Mapping[str, tuple[str, ...]] | None
    excludes_principals: bool
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def name(self) -> str:
        """The name of the statement in reports."""
        return f"{self.policy}#{self.label}"

    def applies(self, action: str, resource: str, keys: Keys) -> bool:
        """Return whether it matches action, resource and conditions; principals are not compared.

        Args:
            action: such as `s3:GetObject`.
            resource: ARN, or `*` for an action without a resource.
            keys: condition keys of the request.
        """

        def lookup(name: str) -> str | None:
            value = keys.get(name.lower())
            return value if isinstance(value, str) else None

        return (
            _any(action.lower(), self.actions, lookup) != self.excludes_actions
            and _any(resource, self.resources, lookup) != self.excludes_resources
            and conditions.met(self.conditions, keys)
        )


def _any(value: str, texts: Iterable[str], lookup: Lookup) -> bool:
    return any(matches(value, text, lookup=lookup) for text in texts)


@lru_cache(maxsize=4096)
def parse(document: str, policy: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document; the same texts return the same objects.

    A document that is not valid, which IAM would not have stored, has no statements.

    Args:
        document: JSON text.
        policy: name of the policy.
    """
    try:
        check(document)
    except MalformedPolicyError:
        return ()
    statements = _list(json.loads(document)["Statement"])
    return tuple(_statement(statement, policy, number) for number, statement in enumerate(statements, 1))


def check(document: str | Mapping[str, Any], *, resource_policy: bool | None = None) -> None:
    """Raise an error for a document that IAM does not accept.

    Args:
        document: the document.
        resource_policy: whether it must name principals; None: it may.

    Raises:
        MalformedPolicyError: the document is not valid.
    """
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            raise MalformedPolicyError("Syntax errors in policy.") from None
    if not isinstance(document, dict) or not document.keys() <= {"Version", "Id", "Statement"}:
        raise MalformedPolicyError("Syntax errors in policy.")
    if document.get("Version", VERSIONS[1]) not in VERSIONS:
        raise MalformedPolicyError("The policy must contain a valid version string")
    statements = _list(document.get("Statement"))
    if not statements:
        raise MalformedPolicyError("Syntax errors in policy.")
    for statement in statements:
        _check_statement(statement, resource_policy)
    labels = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if len(labels) != len(set(labels)):
        raise MalformedPolicyError("Statement IDs (SID) in a single policy must be unique.")


def _check_statement(statement: Any, resource_policy: bool | None) -> None:
    if not isinstance(statement, dict) or not statement.keys() <= ELEMENTS:
        raise MalformedPolicyError("Syntax errors in policy.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError("Syntax errors in policy.")
    if ("Action" in statement) == ("NotAction" in statement):
        raise MalformedPolicyError("Policy statement must contain actions.")
    actions = _list(statement.get("Action", statement.get("NotAction")))
    if not actions:
        raise MalformedPolicyError("Policy statement must contain actions.")
    for action in actions:
        if not isinstance(action, str) or not ACTION.fullmatch(action):
            raise MalformedPolicyError(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                if isinstance(action, str) and ":" not in action
                else "Syntax errors in policy."
            )
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    if resource_policy is False and has_principal:
        raise MalformedPolicyError("Policy document should not specify a principal.")
    if resource_policy and not has_principal:
        raise MalformedPolicyError("Missing required field Principal")
    _check_resources(statement, needed=resource_policy is False)
    for operator, expected in (statement.get("Condition") or {}).items():
        if not conditions.is_operator(operator) or not isinstance(expected, dict):
            raise MalformedPolicyError("Syntax errors in policy.")


def _check_resources(statement: Mapping[str, Any], *, needed: bool) -> None:
    if "Resource" in statement and "NotResource" in statement:
        raise MalformedPolicyError("Syntax errors in policy.")
    resources = _list(statement.get("Resource", statement.get("NotResource")))
    if needed and not resources:
        raise MalformedPolicyError("Policy statement must contain resources.")
    for resource in resources:
        if not isinstance(resource, str):
            raise MalformedPolicyError("Syntax errors in policy.")
        if resource != "*" and not resource.startswith(("arn:", "*", "${")):
            raise MalformedPolicyError(f'Resource {resource} must be in ARN format or "*".')


def _statement(statement: Mapping[str, Any], policy: str, number: int) -> Statement:
    actions = statement.get("Action", statement.get("NotAction"))
    resources = _list(statement.get("Resource", statement.get("NotResource")))
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    return Statement(
        policy=policy,
        label=statement.get("Sid") or str(number),
        allows=statement["Effect"] == "Allow",
        actions=tuple(action.lower() for action in _list(actions)),
        excludes_actions="NotAction" in statement,
        resources=tuple(resources) or ("*",),
        excludes_resources="NotResource" in statement,
        principals=None if principal is None else _principals(principal),
        excludes_principals="NotPrincipal" in statement,
        conditions={
            operator: {key.lower(): tuple(_text(value) for value in _list(values)) for key, values in expected.items()}
            for operator, expected in (statement.get("Condition") or {}).items()
        },
    )


def _principals(principal: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(principal, str):
        return {"*": (principal,)}
    return {kind: tuple(_list(names)) for kind, names in principal.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
