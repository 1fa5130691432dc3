"""IAM's decisions: tables from its user guide, "Policy evaluation logic" and "Troubleshoot access denied messages"."""

import json
from typing import Any

import pytest

from emulator.runtime import principals
from emulator.runtime.authorization.evaluation import RESOURCE, TRUST, Decision, Policies, decide, names
from emulator.runtime.authorization.policies import Statement, parse
from emulator.runtime.principals import Principal

ACCOUNT, OTHER = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me"
READER = Principal(kind="role", arn=SESSION, account=ACCOUNT, role=ROLE, access_key="ASIA1")
ANN = Principal(kind="user", arn=f"arn:aws:iam::{ACCOUNT}:user/ann", account=ACCOUNT, access_key="AKIA1")
EVENTS = principals.service("events.amazonaws.com", ACCOUNT)
ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
ACTION, RESOURCE_ARN = "s3:GetObject", "arn:aws:s3:::raw/a.csv"

Texts = tuple[Statement, ...]


def statements(effect: str = "Allow", **changes: Any) -> Texts:
    statement = {"Effect": effect, "Action": "s3:Get*", "Resource": "arn:aws:s3:::raw/*"} | changes
    document = {"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]}
    return parse(json.dumps(document), effect.lower())


def granted(principal: Any, effect: str = "Allow") -> Texts:
    return statements(effect, Principal=principal, Resource="*", Action="*")


def decision(principal: Principal = READER, **policies: Any) -> Decision:
    return decide(principal, ACTION, RESOURCE_ARN, {}, Policies(**policies))


ALLOW, DENY, NOTHING = statements(), statements("Deny"), statements(Action="s3:Put*")
TO_ROLE, TO_SESSION, TO_ACCOUNT = granted({"AWS": ROLE}), granted({"AWS": SESSION}), granted({"AWS": ROOT_ARN})
TO_ALL, OF_ALL = granted("*"), granted("*", "Deny")

TABLE = [
    # policies, the end of the message (empty: allowed)
    ({}, "because no identity-based policy allows the s3:GetObject action"),
    ({"identity": NOTHING}, "because no identity-based policy allows the s3:GetObject action"),
    ({"identity": ALLOW}, ""),
    ({"identity": ALLOW + DENY}, "with an explicit deny in an identity-based policy"),
    ({"identity": DENY + ALLOW}, "with an explicit deny in an identity-based policy"),
    # a boundary and a session policy allow nothing by themselves
    ({"boundary": ALLOW}, "because no identity-based policy allows the s3:GetObject action"),
    ({"identity": ALLOW, "boundary": ALLOW}, ""),
    ({"identity": ALLOW, "boundary": NOTHING}, "because no permissions boundary allows the s3:GetObject action"),
    ({"identity": ALLOW, "boundary": ALLOW + DENY}, "with an explicit deny in a permissions boundary"),
    ({"identity": ALLOW, "session": ALLOW}, ""),
    ({"identity": ALLOW, "session": NOTHING}, "because no session policy allows the s3:GetObject action"),
    ({"identity": ALLOW, "session": DENY}, "with an explicit deny in a session policy"),
    # in one account, either an identity or a resource policy is enough
    ({"resource": TO_ROLE}, ""),
    ({"resource": TO_ALL}, ""),
    ({"resource": TO_SESSION}, ""),
    ({"resource": TO_ACCOUNT}, "because no identity-based policy allows the s3:GetObject action"),
    ({"identity": ALLOW, "resource": granted({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})}, ""),
    ({"identity": ALLOW, "resource": OF_ALL}, "with an explicit deny in a resource-based policy"),
    ({"identity": DENY, "resource": TO_ROLE}, "with an explicit deny in an identity-based policy"),
    # limits hold for a role that a resource names, and not for the session itself
    ({"resource": TO_ROLE, "boundary": NOTHING}, "because no identity-based policy allows the s3:GetObject action"),
    ({"resource": TO_SESSION, "boundary": NOTHING, "session": NOTHING}, ""),
    ({"resource": TO_ROLE, "boundary": ALLOW, "session": ALLOW}, ""),
    # across accounts both must allow
    ({"identity": ALLOW, "owner": OTHER}, "because no resource-based policy allows the s3:GetObject action"),
    ({"identity": ALLOW, "owner": OTHER, "resource": TO_ACCOUNT}, ""),
    ({"owner": OTHER, "resource": TO_ROLE}, "because no identity-based policy allows the s3:GetObject action"),
    # a key policy must allow too, or leave it to the account
    ({"identity": ALLOW, "required": True}, "because no resource-based policy allows the s3:GetObject action"),
    ({"identity": ALLOW, "required": True, "resource": TO_ACCOUNT}, ""),
    ({"required": True, "resource": TO_ROLE}, ""),
    ({"required": True, "resource": TO_ACCOUNT}, "because no identity-based policy allows the s3:GetObject action"),
    # a trust policy
    (
        {"identity": ALLOW, "required": True, "kind": TRUST},
        "because no role trust policy allows the s3:GetObject action",
    ),
    ({"resource": OF_ALL, "kind": TRUST}, "with an explicit deny in the role trust policy"),
]


@pytest.mark.parametrize(("policies", "reason"), TABLE)
def test_a_decision(policies: dict[str, Any], reason: str) -> None:
    found = decision(**policies)
    assert (found.allowed, found.reason) == (not reason, reason)


def test_root_is_allowed_everything() -> None:
    assert decision(principals.root(ACCOUNT), resource=OF_ALL).allowed


def test_a_service_needs_a_policy_of_the_resource() -> None:
    assert decision(EVENTS, resource=granted({"Service": "events.amazonaws.com"})).allowed
    assert decision(EVENTS, resource=TO_ALL).allowed
    for policy in ((), TO_ACCOUNT, granted({"Service": "sns.amazonaws.com"})):
        found = decision(EVENTS, resource=policy)
        assert found.reason == f"because no {RESOURCE} allows the s3:GetObject action"


def test_a_request_without_credentials_needs_a_policy_for_everybody() -> None:
    assert decision(principals.anonymous(), resource=TO_ALL).allowed
    assert not decision(principals.anonymous(), resource=TO_ACCOUNT).allowed


@pytest.mark.parametrize(
    ("changes", "action", "resource", "applies"),
    [
        ({"Action": "S3:getobject"}, "s3:GetObject", RESOURCE_ARN, True),
        ({"Action": "s3:*Object"}, "s3:GetObject", RESOURCE_ARN, True),
        ({"Action": "s3:*Object"}, "s3:GetObjectVersion", RESOURCE_ARN, False),
        ({"Action": None, "NotAction": "iam:*"}, "s3:GetObject", RESOURCE_ARN, True),
        ({"Action": None, "NotAction": "s3:*"}, "s3:GetObject", RESOURCE_ARN, False),
        ({"Resource": None, "NotResource": "arn:aws:s3:::raw/secret/*"}, "s3:GetObject", RESOURCE_ARN, True),
        ({"Resource": None, "NotResource": "arn:aws:s3:::raw/*"}, "s3:GetObject", RESOURCE_ARN, False),
        ({"Resource": "arn:aws:s3:::RAW/*"}, "s3:GetObject", RESOURCE_ARN, False),
        ({"Resource": "arn:aws:s3:::r?w/*"}, "s3:GetObject", RESOURCE_ARN, True),
        ({"Resource": "*"}, "s3:GetObject", "*", True),
        ({"Resource": "arn:aws:s3:::raw/*"}, "s3:GetObject", "*", False),
    ],
)
def test_a_statement_applies(changes: dict[str, Any], action: str, resource: str, applies: bool) -> None:
    (statement,) = statements(**changes)
    assert statement.applies(action, resource, {}) is applies


@pytest.mark.parametrize(
    ("principal", "of_reader", "of_ann"),
    [
        ("*", "named", "named"),
        ({"AWS": "*"}, "named", "named"),
        ({"AWS": ACCOUNT}, "account", "account"),
        ({"AWS": ROOT_ARN}, "account", "account"),
        ({"AWS": [ROLE, ANN.arn]}, "named", "direct"),
        ({"AWS": SESSION}, "direct", None),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, None, None),
        ({"AWS": OTHER}, None, None),
        ({"Service": "glue.amazonaws.com"}, None, None),
        ({"Federated": ROLE}, None, None),
    ],
)
def test_how_a_statement_names_a_principal(principal: Any, of_reader: str | None, of_ann: str | None) -> None:
    (statement,) = granted(principal)
    assert (names(statement, READER), names(statement, ANN)) == (of_reader, of_ann)


def test_not_principal_spares_those_it_names() -> None:
    spared = statements("Deny", Action="*", Resource="*", NotPrincipal={"AWS": [ROLE, ROOT_ARN]})
    assert decision(identity=ALLOW, resource=spared).allowed
    assert not decision(identity=ALLOW, resource=statements("Deny", NotPrincipal={"AWS": OTHER})).allowed
