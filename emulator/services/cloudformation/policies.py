"""Policies inside roles, buckets, queues, topics and keys of a stack: a malformed one fails its resource.

ministack checks only `AWS::IAM::Policy` and managed policies.
"""

import functools
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from emulator.runtime.authorization.policies import MalformedPolicyError, check

MEMBERS = {
    "AWS::IAM::Role": ("AssumeRolePolicyDocument",),
    "AWS::S3::BucketPolicy": ("PolicyDocument",),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
}
"""For each type: the properties that are policies with principals."""


def install() -> None:
    """Check the policies of these types before a resource is created or updated."""
    for name, members in MEMBERS.items():
        handler = provisioners._RESOURCE_HANDLERS.get(name)
        if handler is not None:
            create, update = handler["create"], handler.get("update")
            handler["create"] = _checked(create, name, members, at=1)
            if update is not None:
                handler["update"] = _checked(update, name, members, at=2)


def _checked(function: Callable[..., Any], name: str, members: tuple[str, ...], *, at: int) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(*arguments: Any, **options: Any) -> Any:
        refuse_malformed(name, arguments[at], members)
        return function(*arguments, **options)

    return checked


def refuse_malformed(name: str, properties: dict[str, Any], members: tuple[str, ...]) -> None:
    """Raise an error for a resource with a malformed policy.

    Raises:
        ValueError: the policy is malformed; the message has the code and text of AWS.
    """
    documents = [(properties[member], True) for member in members if properties.get(member)]
    if name == "AWS::IAM::Role":
        documents += [(policy.get("PolicyDocument"), False) for policy in properties.get("Policies") or []]
    for document, has_principals in documents:
        try:
            check(document, resource_policy=has_principals)
        except MalformedPolicyError as error:
            raise ValueError(f"{error} (Status Code: 400, Error Code: MalformedPolicyDocument)") from error
