"""Policy documents: what IAM accepts, and with which message it refuses the rest."""

import json
from typing import Any

import pytest

from emulator.runtime.authorization.policies import MalformedPolicyError, check, parse

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def policy(**changes: Any) -> dict[str, Any]:
    statement = {name: value for name, value in (ALLOW | changes).items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    "document",
    [
        policy(),
        policy(Action=["s3:Get*", "kms:Decrypt"], Resource=["arn:aws:s3:::a/*"]),
        policy(Action="*"),
        policy(Action=None, NotAction="iam:*"),
        policy(Resource=None, NotResource="arn:aws:s3:::a"),
        policy(Condition={"StringLike": {"s3:prefix": ["a/*"]}}),
        policy(Resource="arn:aws:s3:::${aws:username}/*", Sid="Own"),
        {"Statement": ALLOW},
    ],
)
def test_a_valid_policy(document: dict[str, Any]) -> None:
    check(document, resource_policy=False)
    check(json.dumps(document), resource_policy=False)


MALFORMED = [
    ("{", "Syntax errors in policy."),
    ("[]", "Syntax errors in policy."),
    ({"Version": "2012-10-17"}, "Syntax errors in policy."),
    ({"Version": "2012-10-17", "Statement": []}, "Syntax errors in policy."),
    ({"Version": "2020-01-01", "Statement": [ALLOW]}, "The policy must contain a valid version string"),
    ({"Version": "2012-10-17", "Statement": [ALLOW], "Comment": "x"}, "Syntax errors in policy."),
    (policy(Effect="allow"), "Syntax errors in policy."),
    (policy(Effect=None), "Syntax errors in policy."),
    (policy(Action=None), "Policy statement must contain actions."),
    (policy(Action=[]), "Policy statement must contain actions."),
    (policy(NotAction="s3:*"), "Policy statement must contain actions."),
    (policy(Action="GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (policy(Action="s3:Get Object"), "Syntax errors in policy."),
    (policy(Resource=None), "Policy statement must contain resources."),
    (policy(Resource="bucket"), 'Resource bucket must be in ARN format or "*".'),
    (policy(NotResource="*"), "Syntax errors in policy."),
    (policy(Actions="s3:*"), "Syntax errors in policy."),
    (policy(Condition={"StringMatches": {"s3:prefix": "a"}}), "Syntax errors in policy."),
    (policy(Condition={"StringLike": "a"}), "Syntax errors in policy."),
    (policy(Principal="*"), "Policy document should not specify a principal."),
    (
        {"Version": "2012-10-17", "Statement": [ALLOW | {"Sid": "A"}, ALLOW | {"Sid": "A"}]},
        "Statement IDs (SID) in a single policy must be unique.",
    ),
]


@pytest.mark.parametrize(("document", "message"), MALFORMED)
def test_a_malformed_policy_has_the_message_of_iam(document: Any, message: str) -> None:
    with pytest.raises(MalformedPolicyError) as error:
        check(document, resource_policy=False)
    assert str(error.value) == message


def test_a_policy_of_a_resource_names_principals() -> None:
    check(policy(Principal={"Service": "glue.amazonaws.com"}, Resource=None), resource_policy=True)
    with pytest.raises(MalformedPolicyError, match="Missing required field Principal"):
        check(policy(), resource_policy=True)


def test_a_malformed_policy_grants_nothing() -> None:
    assert parse("{", "inline/broken") == ()


def test_a_statement_without_sid_has_its_position_as_its_name() -> None:
    document = {"Version": "2012-10-17", "Statement": [ALLOW, ALLOW | {"Sid": "Read"}]}
    assert [statement.name for statement in parse(json.dumps(document), "inline/p")] == ["inline/p#1", "inline/p#Read"]
