"""IAM's decision: explicit denials first, then the allowing statements of each kind of policy.

Source: AWS IAM user guide, "Policy evaluation logic", "How AWS enforcement code logic evaluates requests to allow or
deny access" and "Troubleshoot access denied error messages".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from emulator.runtime.authorization.conditions import Keys
from emulator.runtime.authorization.patterns import matches
from emulator.runtime.authorization.policies import Statement
from emulator.runtime.principals import Principal

Statements = tuple[Statement, ...]

Level = Literal["direct", "named", "account"]
"""How a resource policy names the caller: the user or session itself (or a service, or anybody who has no credentials);
its role or everybody; or only its account, which leaves the decision to the policies of the identity."""

IDENTITY, BOUNDARY, SESSION = "identity-based policy", "permissions boundary", "session policy"
RESOURCE, TRUST = "resource-based policy", "role trust policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies that apply to a request.

    Attributes:
        identity: statements of the identity's own policies.
        boundary: statements of its permissions boundary; None without one.
        session: statements of its session policies; None without one.
        resource: statements of the resource's policy.
        kind: the kind of the resource's policy in messages.
        owner: account of the resource.
        required: whether the resource's policy must allow too, as a key policy and a trust policy must.
    """

    identity: Statements = ()
    boundary: Statements | None = None
    session: Statements | None = None
    resource: Statements = ()
    kind: str = RESOURCE
    owner: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision.

    Attributes:
        allowed: whether the request is allowed.
        reason: the end of AWS's message for a denial; empty if it is allowed.
        statements: names of the statements that decide: those that deny, or all that allow.
        alone: whether the resource's policy is enough, without the identity's policies.
        granting: names of the identity's statements that allow.
    """

    allowed: bool
    reason: str = ""
    statements: tuple[str, ...] = ()
    alone: bool = False
    granting: tuple[str, ...] = field(default=())


def decide(principal: Principal, action: str, resource: str, keys: Keys, policies: Policies) -> Decision:
    """Decide on one action on one resource.

    Args:
        principal: the caller. Root is allowed everything.
        action: such as `s3:GetObject`.
        resource: ARN, or `*` for an action without a resource.
        keys: condition keys of the request.
        policies: the policies that apply.
    """
    if principal.kind == "root":
        return Decision(allowed=True, alone=True)

    def applying(statements: Statements | None) -> list[Statement]:
        candidates = for_action(statements or (), action)
        return [statement for statement in candidates if statement.applies(action, resource, keys)]

    of_resource = [(found, level) for found in applying(policies.resource) if (level := names(found, principal))]
    layers = {
        IDENTITY: applying(policies.identity),
        policies.kind: [statement for statement, _ in of_resource],
        BOUNDARY: applying(policies.boundary),
        SESSION: applying(policies.session),
    }
    for kind, statements in layers.items():
        denying = tuple(statement.name for statement in statements if not statement.allows)
        if denying:
            article = "the" if kind == TRUST else "a" if kind != IDENTITY else "an"
            return Decision(allowed=False, reason=f"with an explicit deny in {article} {kind}", statements=denying)
    within = [
        kind
        for kind, limit in ((BOUNDARY, policies.boundary), (SESSION, policies.session))
        if limit is not None and not layers[kind]
    ]
    allowing = tuple(statement.name for statement in layers[IDENTITY])
    levels = {level for _, level in of_resource}
    by_resource = tuple(statement.name for statement, _ in of_resource)
    return _combine(principal, action, policies, levels, exceeded=within, allowing=allowing, by_resource=by_resource)


def _combine(
    principal: Principal,
    action: str,
    policies: Policies,
    levels: set[Level],
    *,
    exceeded: list[str],
    allowing: tuple[str, ...],
    by_resource: tuple[str, ...],
) -> Decision:
    same_account = policies.owner in ("", principal.account)
    has_identity = principal.kind not in ("service", "anonymous")
    alone = (same_account or not has_identity) and ("direct" in levels or ("named" in levels and not exceeded))
    resource_allows = bool(levels) if policies.required or not same_account else True
    if alone or (has_identity and allowing and not exceeded and resource_allows):
        return Decision(allowed=True, statements=allowing + by_resource, alone=alone, granting=allowing)
    if not has_identity or (allowing and not resource_allows):
        missing = policies.kind
    elif not allowing:
        missing = IDENTITY
    else:
        missing = exceeded[0]
    return Decision(allowed=False, reason=f"because no {missing} allows the {action} action")


@lru_cache(maxsize=8192)
def for_action(statements: Statements, action: str) -> Statements:
    """Return the statements that an action matches; the same arguments return the same objects."""

    def no_variable(_: str) -> None:
        return None

    def includes(statement: Statement) -> bool:
        found = any(matches(action.lower(), text, lookup=no_variable) for text in statement.actions)
        return found != statement.excludes_actions

    return tuple(statement for statement in statements if includes(statement))


def names(statement: Statement, principal: Principal) -> Level | None:
    """Return how a statement of a resource's policy names a principal; None if it does not."""
    if statement.principals is None:
        return None
    levels = {level for kind, texts in statement.principals.items() for level in _levels(kind, texts, principal)}
    if statement.excludes_principals:
        return None if levels else "named"
    order: tuple[Level, ...] = ("direct", "named", "account")
    return next((level for level in order if level in levels), None)


def _levels(kind: str, texts: Iterable[str], principal: Principal) -> Iterator[Level]:
    without_identity = principal.kind in ("service", "anonymous")
    federated = principal.kind == "federated"
    for text in texts:
        if kind == "*" or (kind == "AWS" and text == "*"):
            yield "direct" if without_identity else "named"
        elif text == principal.arn and (kind == "AWS" or principal.kind == "service" or federated):
            yield "direct"
        elif kind == "AWS" and not without_identity:
            if text == principal.role:
                yield "named"
            elif text in (principal.account, f"arn:aws:iam::{principal.account}:root"):
                yield "account"
