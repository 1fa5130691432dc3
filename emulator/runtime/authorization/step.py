"""The authorization step: it decides on a request before its handler runs.

`LAKEHOUSE_LOCAL_AUTHORIZATION` is `on`; `record`, which decides and records but lets every request pass; or `off`.
"""

import logging
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from emulator.runtime import authentication, context, principals
from emulator.runtime.authorization import (
    answers,
    collection,
    conditions,
    evaluation,
    implied,
    keys,
    records,
    resources,
)
from emulator.runtime.authorization.evaluation import Decision, Policies
from emulator.runtime.authorization.requests import Request
from emulator.runtime.authorization.resources import Check
from emulator.runtime.principals import Principal
from emulator.runtime.responses import AwsError, Response

log = logging.getLogger(__name__)

ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken", "sts:GetAccessKeyInfo"})
WITHOUT_CREDENTIALS = frozenset({"sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"})

Vendor = Callable[[Principal, Request], Principal | None]
"""Returns whom a request acts as that Athena sends for its caller; None: the caller."""

_vendors: list[Vendor] = []


def vend(vendor: Vendor) -> None:
    """Let a function give the credentials of a data location to requests that Athena sends for a caller."""
    _vendors.append(vendor)


def authorize(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
) -> Response | None:
    """Return the response of a request that is not allowed, or None."""
    if MODE == "off":
        return None
    request = Request(
        service=service,
        method=method,
        path=path,
        headers=headers,
        body=body,
        query=query,
        account=context.account(),
        region=context.region(),
    )
    try:
        refused = _refusal(request)
    except Exception:
        log.exception("the authorization of %s %s %s failed", service, method, path)
        raise
    return refused if MODE == "on" else None


def _refusal(request: Request) -> Response | None:
    principal = context.principal()
    if problem := context.problem_with_credentials() or authentication.problem_with_signature():
        log.warning("%s %s: %s", request.action, problem.code, problem)
        return answers.failed_authentication(request, problem)
    if principal.kind in ("root", "service") or not request.action or request.action in ALWAYS_ALLOWED:
        return None
    if principal.kind == "anonymous" and request.service != "s3":
        missing = AwsError("MissingAuthenticationToken", "Missing Authentication Token", status=403)
        return None if request.action in WITHOUT_CREDENTIALS else answers.failed_authentication(request, missing)
    found = [*resources.checks(request), *implied.checks(request)]
    for vendor in _vendors:
        if (vended := vendor(principal, request)) is not None:
            found = [Check(action="lakeformation:GetDataAccess", resource="*")]
            if denied := _denied(request, principal, found):
                return denied
            principal, found = vended, [*resources.checks(request), *implied.checks(request)]
    return _denied(request, principal, found)


def _denied(request: Request, principal: Principal, checks: list[Check]) -> Response | None:
    refused = None
    common = keys.of_caller(principal) | keys.of_request(request)
    own = collection.of_principal(principal)
    for check in checks:
        decision = decide(principal, check, common, own)
        if not decision.allowed:
            log.warning("%s", answers.message(principal, check, decision))
            refused = refused or answers.denial(request, principal, check, decision)
    return refused


def decide(principal: Principal, check: Check, common: Mapping[str, Any], own: collection.Own) -> Decision:
    """Decide on a check, record the decision and return it.

    Args:
        principal: the caller.
        check: action and resource.
        common: condition keys of the request and its caller.
        own: the caller's policies.
    """
    if check.action == "sts:AssumeRole" and not collection.exists(check.resource):
        return Decision(allowed=False, reason="because no identity-based policy allows the sts:AssumeRole action")
    identity, boundary, session = own
    of_resource = collection.of_resource(check.action.partition(":")[0], check.resource)
    policies = Policies(
        identity=evaluation.for_action(identity, check.action),
        boundary=boundary if boundary is None else evaluation.for_action(boundary, check.action),
        session=session if session is None else evaluation.for_action(session, check.action),
        resource=evaluation.for_action(of_resource.resource, check.action),
        kind=of_resource.kind,
        owner=of_resource.owner,
        required=of_resource.required,
    )
    found = {**common, **check.keys}
    frozen = tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in found.items()))
    decision = _decide(principal, check.action, check.resource, frozen, policies)
    records.record(context.root, principal, check, found, decision)
    return decision


def _decide(
    principal: Principal, action: str, resource: str, frozen: tuple[tuple[str, Any], ...], policies: Policies
) -> Decision:
    layers = (policies.identity, policies.boundary or (), policies.session or (), policies.resource)
    if any(key in expected for s in layers for one in s for expected in one.conditions.values() for key in keys.TIMES):
        return evaluation.decide(principal, action, resource, dict(frozen) | keys.now(), policies)
    return _cached(principal, action, resource, frozen, policies)


@lru_cache(maxsize=1 << 14)
def _cached(
    principal: Principal, action: str, resource: str, frozen: tuple[tuple[str, Any], ...], policies: Policies
) -> Decision:
    decided: conditions.Keys = dict(frozen)
    return evaluation.decide(principal, action, resource, decided, policies)


MODES = ("on", "record", "off")
DEFAULT = "on"
VARIABLE = "LAKEHOUSE_LOCAL_AUTHORIZATION"


def mode() -> str:
    """Return the mode of the environment.

    Raises:
        SystemExit: the variable has another value.
    """
    value = os.environ.get(VARIABLE) or DEFAULT
    if value not in MODES:
        raise SystemExit(f"{VARIABLE} is {value!r}, expected one of: {', '.join(MODES)}")
    return value


MODE = mode()


def permitted(principal: Principal, action: str, resource: str, own: Mapping[str, Any]) -> bool:
    """Return whether a delivery within the server may take place, and log a denial.

    Args:
        principal: the service that delivers, or the session of its role.
        action: such as `sqs:SendMessage`.
        resource: ARN of the queue, topic, function or key.
        own: condition keys of the delivery, such as `aws:sourcearn`.
    """
    if MODE == "off":
        return True
    check = Check(action=action, resource=resource, keys=dict(own))
    common = keys.of_caller(principal) | {"aws:securetransport": "true"}
    decision = decide(principal, check, common, collection.of_principal(principal))
    if not decision.allowed:
        log.warning("%s", answers.message(principal, check, decision))
    return decision.allowed or MODE == "record"


def check_trust(role: str, service: str) -> None:
    """Check that a role's trust policy lets a service assume it for the account of the current request.

    Args:
        role: the role that a resource names, by ARN or name.
        service: name of the service, such as `glue.amazonaws.com`.

    Raises:
        AwsError: it does not.
    """
    arn = context.arn_of_role(role)
    caller = principals.service(service, context.account())
    if not permitted(caller, "sts:AssumeRole", arn, {"aws:sourceaccount": context.account()}):
        reason = "because no role trust policy allows the sts:AssumeRole action"
        text = f"User: {service} is not authorized to perform: sts:AssumeRole on resource: {arn} {reason}"
        raise AwsError("AccessDeniedException", text)
