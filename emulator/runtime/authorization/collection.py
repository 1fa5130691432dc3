"""The policies of principals and resources, from what IAM and the services store.

Parsed documents are cached by their text, so that a change of a policy, also by CloudFormation, has its effect on the
next request.
"""

import json
from functools import lru_cache
from typing import Any

from emulator.runtime import principals
from emulator.runtime.authorization import evaluation, policies
from emulator.runtime.authorization.evaluation import Policies, Statements
from emulator.runtime.principals import Principal

ADMINISTRATOR = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'

Documents = tuple[tuple[str, str], ...]
"""Names and texts of policies."""


Own = tuple[Statements, Statements | None, Statements | None]
"""The statements of a principal's own policies, of its boundary and of its session policies."""


def of_principal(principal: Principal) -> Own:
    """Return the statements of a principal's own policies, of its boundary and of its session policies."""
    account = principal.account
    entity, documents = _identity(principal)
    boundary = entity.get("PermissionsBoundary")
    passed = principal.session.get("SessionPolicies")
    session: Documents | None = None
    if passed:
        own = (("session", passed["Policy"]),) if passed.get("Policy") else ()
        session = own + tuple((arn, managed(arn, account)) for arn in passed.get("PolicyArns", []))
    return (
        statements(documents),
        statements(((boundary, managed(boundary, account)),)) if boundary else None,
        statements(session) if session else None,
    )


def _identity(principal: Principal) -> tuple[dict[str, Any], Documents]:
    """Return the stored role or user of a principal, and its policies."""
    from ministack.services import iam  # type: ignore[import-untyped]

    account = principal.account
    if principal.kind == "role":
        role = iam._roles.get_scoped(account, None, principal.name) or {}
        return role, _documents(role.get("InlinePolicies"), role.get("AttachedPolicies"), account)
    if principal.kind not in ("user", "federated"):
        return {}, ()
    name = principal.session.get("PrincipalName") or principal.arn.rpartition("/")[2]
    user = iam._users.get_scoped(account, None, name) or {}
    documents = _documents(
        iam._user_inline_policies.get_scoped(account, None, name), user.get("AttachedPolicies"), account
    )
    for (owner, group_name), group in list(iam._groups.to_dict().items()):
        if owner == account and name in group.get("Users", []):
            inline = iam._group_inline_policies.get_scoped(account, None, group_name)
            documents += _documents(inline, group.get("AttachedPolicies"), account)
    return user, documents


def _documents(inline: Any, attached: Any, account: str) -> Documents:
    own = tuple((f"inline/{name}", _text(document)) for name, document in (inline or {}).items())
    return own + tuple((arn, managed(arn, account)) for arn in attached or ())


def managed(arn: str, account: str) -> str:
    """Return the document of a managed policy's default version; an empty text if it does not exist."""
    from ministack.services import iam

    if arn == "arn:aws:iam::aws:policy/AdministratorAccess":
        return ADMINISTRATOR
    of_aws = arn.startswith("arn:aws:iam::aws:policy/")
    policy = iam._lookup_policy(arn) if of_aws else iam._policies.get_scoped(account, None, arn)
    if not policy:
        return ""
    version = policy.get("Versions", {}).get(policy.get("DefaultVersionId", "v1"), {})
    return _text(version.get("Document"))


def of_resource(service: str, resource: str) -> Policies:
    """Return the policies of a request with the resource's policy and nothing of the caller's.

    Args:
        service: prefix of the action (`s3`, `kms` ...).
        resource: ARN of the resource.
    """
    from ministack.core import iam_evaluator  # type: ignore[import-untyped]

    if service == "sts" and ":role/" in resource:
        return _of_trust(resource)
    found = iam_evaluator._resource_policy(service, resource)
    if found is None:
        return Policies()
    document, owner = found
    parsed = policies.parse(_text(document), resource) if document else ()
    return Policies(resource=parsed, owner=owner, required=service == "kms")


def _of_trust(resource: str) -> Policies:
    from ministack.services import iam

    account, name = resource.split(":")[4], resource.rpartition("/")[2]
    role = iam._roles.get_scoped(account, None, name) or {}
    trusted = role if role.get("Arn") == resource else {}
    document = _text(trusted.get("AssumeRolePolicyDocument"))
    return Policies(
        resource=policies.parse(document, resource) if document else (),
        owner=account,
        required=True,
        kind=evaluation.TRUST,
    )


@lru_cache(maxsize=1024)
def statements(documents: Documents) -> Statements:
    """Return the statements of policies; the same documents return the same object."""
    return tuple(statement for name, text in documents if text for statement in policies.parse(text, name))


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document) if document else ""


def tags_of(principal: Principal) -> dict[str, str]:
    """Return the tags of a principal and its session."""
    entity, _ = _identity(principal) if principal.kind in ("role", "user") else ({}, ())
    tags = [*(entity.get("Tags") or []), *(principal.session.get("SessionTags") or [])]
    return {tag["Key"]: tag["Value"] for tag in tags}


def exists(role: str) -> bool:
    """Return whether a role exists."""
    from ministack.services import iam

    account, name = role.split(":")[4], role.rpartition("/")[2]
    return bool(iam._roles.get_scoped(account, None, name)) and principals.role_arn(name, account) == role
