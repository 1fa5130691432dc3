"""The same decisions as ministack's evaluator, for random policies of the kinds that it evaluates as IAM does."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ministack.core import iam_evaluator as other  # type: ignore[import-untyped]

from emulator.runtime.authorization.evaluation import Policies, decide
from emulator.runtime.authorization.policies import parse
from emulator.runtime.principals import Principal
from tests.support.examples import examples

ACCOUNT = "123456789012"
READER = Principal(
    kind="role",
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me",
    account=ACCOUNT,
    role=f"arn:aws:iam::{ACCOUNT}:role/reader",
)
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "s3:Get*", "*", "kms:Decrypt"]
RESOURCES = ["arn:aws:s3:::raw/a", "arn:aws:s3:::raw/*", "arn:aws:s3:::*", "*", "arn:aws:s3:::stage/?"]
PRINCIPALS = ["*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", READER.role, READER.arn, "arn:aws:iam::210987654321:root"]
CONDITIONS = [
    {},
    {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
    {"StringNotEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
    {"StringLike": {"s3:prefix": ["raw/*", "stage/*"]}},
    {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    {"Null": {"s3:prefix": "true"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"StringEqualsIfExists": {"s3:prefix": "raw/a"}},
]
KEYS = st.fixed_dictionaries(
    {},
    optional={
        "kms:viaservice": st.sampled_from(["s3.eu-central-1.amazonaws.com", "sqs.eu-central-1.amazonaws.com"]),
        "s3:prefix": st.sampled_from(["raw/a", "curated/"]),
        "s3:tlsversion": st.sampled_from(["1.1", "1.3"]),
        "aws:tagkeys": st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True),
    },
)


@st.composite
def documents(draw: st.DrawFn, *, with_principals: bool = False) -> str:
    def statement() -> dict[str, Any]:
        found: dict[str, Any] = {
            "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
            draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
                st.lists(st.sampled_from(ACTIONS), min_size=1)
            ),
            draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(st.sampled_from(RESOURCES)),
            "Condition": draw(st.sampled_from(CONDITIONS)),
        }
        return found | ({"Principal": {"AWS": draw(st.sampled_from(PRINCIPALS))}} if with_principals else {})

    count = draw(st.integers(1, 3))
    return json.dumps({"Version": "2012-10-17", "Statement": [statement() for _ in range(count)]})


@settings(max_examples=examples(400), deadline=None)
@given(
    identity=documents(),
    boundary=st.none() | documents(),
    session=st.none() | documents(),
    resource=st.none() | documents(with_principals=True),
    required=st.booleans(),
    keys=KEYS,
    action=st.sampled_from(["s3:GetObject", "s3:PutObject", "kms:Decrypt"]),
    target=st.sampled_from(["arn:aws:s3:::raw/a", "arn:aws:s3:::stage/1"]),
)
def test_it_decides_as_ministack_does(
    identity: str,
    boundary: str | None,
    session: str | None,
    resource: str | None,
    required: bool,
    keys: dict[str, Any],
    action: str,
    target: str,
) -> None:
    ours = decide(
        READER,
        action,
        target,
        keys,
        Policies(
            identity=parse(identity, "identity"),
            boundary=parse(boundary, "boundary") if boundary else None,
            session=parse(session, "session") if session else None,
            resource=parse(resource, "resource") if resource else (),
            required=required,
            owner=ACCOUNT,
        ),
    )
    context = other.EvalContext(
        principal_arn=READER.arn,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=target,
        region="eu-central-1",
        service_context={"aws:tagkeys": None} | keys,
    )
    limits = [[other.parse_policy_document(limit)] for limit in (boundary, session) if limit]
    theirs = other.evaluate(context, [other.parse_policy_document(identity)], *limits)
    theirs = other.combine_resource_policy(theirs, context, resource, ACCOUNT, required, tuple(limits))
    assert ours.allowed == (theirs.decision == "Allow")
    assert ("explicit deny" in ours.reason) == (theirs.decision == "Deny")
