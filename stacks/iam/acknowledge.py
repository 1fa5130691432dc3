"""Findings of cdk-nag that are accepted, each with its reason."""

import json
from collections.abc import Iterable
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Accept one finding on one construct.

    Args:
        construct: the smallest construct that the finding is about; constructs inside it are covered too.
        rule: cdk-nag's rule, with the finding in brackets where a rule has several.
        reason: why the finding is acceptable, for a security reviewer.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def acknowledge_wildcards(construct: IConstruct, statements: Iterable[iam.PolicyStatement], *, reason: str) -> None:
    """Accept exactly the resources with `*` that the statements of a construct name."""
    wildcards = {arn for statement in statements for arn in statement.resources if arn.endswith("*")}
    resolved = sorted(_flat(arn) for arn in Stack.of(construct).resolve(sorted(wildcards)))
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{arn}]", reason=reason) for arn in resolved)
    )


def _flat(value: Any) -> str:
    """Return a resolved string as cdk-nag writes it in a finding."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
    return json.dumps(value, separators=(",", ":"))
