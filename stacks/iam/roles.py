"""Roles: each has one policy, whose wildcards are acknowledged one by one."""

from collections.abc import Sequence
from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.stack import AccountStack, LakehouseStack

WITHOUT_SOURCE_ACCOUNT = {("lambda", ""), ("dms", ".")}
"""Services whose guide names no `aws:SourceAccount` for a trust policy: Lambda, and the regional principal of DMS.

Source: AWS Lambda developer guide, "Defining Lambda function permissions with an execution role"; AWS DMS user guide,
"Using secrets to access AWS Database Migration Service endpoints".
"""


class RoleAndPolicy(NamedTuple):
    """A role and its one policy; a resource that assumes the role has to wait for the policy."""

    role: iam.Role
    policy: iam.Policy


def add_role(
    stack: LakehouseStack,
    construct_id: str,
    *,
    name: str,
    trusted: iam.IPrincipal,
    statements: Sequence[iam.PolicyStatement],
    policy_id: str | None = None,
    description: str | None = None,
    why_wildcards: str | None = None,
    session_hours: int = 1,
) -> RoleAndPolicy:
    """Add a role with a name to a stack.

    Args:
        stack: the stack.
        construct_id: identifies the role in the stack.
        name: the role's name in the account.
        trusted: who may assume the role.
        statements: its policy.
        policy_id: identifies the policy in the stack; None puts the policy inside the role's construct.
        description: for readers of the IAM console.
        why_wildcards: why statements name resources with `*`, for a security reviewer; None if no statement does.
        session_hours: the longest session.
    """
    role = iam.Role(
        stack,
        construct_id,
        role_name=name,
        description=description,
        assumed_by=trusted,
        max_session_duration=Duration.hours(session_hours) if session_hours > 1 else None,
    )
    policy = iam.Policy(stack if policy_id else role, policy_id or "Policy", statements=list(statements), roles=[role])
    if why_wildcards:
        acknowledge_wildcards(policy, statements, reason=why_wildcards)
    return RoleAndPolicy(role, policy)


def add_service_role(
    stack: LakehouseStack,
    purpose: str,
    *,
    service: str,
    name: str,
    statements: Sequence[iam.PolicyStatement],
    description: str | None = None,
    why_wildcards: str | None = None,
) -> RoleAndPolicy:
    """Add a role that one AWS service, such as `glue`, assumes for one purpose; the other arguments as `add_role`."""
    return add_role(
        stack,
        f"{purpose}-role",
        policy_id=f"{purpose}-policy",
        name=name,
        trusted=trusted_service(stack, service),
        statements=statements,
        description=description,
        why_wildcards=why_wildcards,
    )


def add_inline_role(
    scope: Construct,
    construct_id: str,
    *,
    trusted: iam.IPrincipal,
    statements: Sequence[iam.PolicyStatement],
    policy_name: str = "use",
    name: str | None = None,
    description: str | None = None,
    why_wildcards: str | None = None,
    session_hours: int = 1,
) -> iam.Role:
    """Add a role whose policy is part of it: nothing that assumes the role has to wait for a policy.

    Args:
        scope: a stack or a construct.
        construct_id: identifies the role in the scope.
        trusted: who may assume the role.
        statements: its policy.
        policy_name: name of the policy within the role.
        name: the role's name in the account; None has CloudFormation choose it.
        description: for readers of the IAM console.
        why_wildcards: why statements name resources with `*`, for a security reviewer; None if no statement does.
        session_hours: the longest session.
    """
    role = iam.Role(
        scope,
        construct_id,
        role_name=name,
        description=description,
        assumed_by=trusted,
        max_session_duration=Duration.hours(session_hours) if session_hours > 1 else None,
        inline_policies={policy_name: iam.PolicyDocument(statements=list(statements))},
    )
    if why_wildcards:
        acknowledge_wildcards(role, statements, reason=why_wildcards)
    return role


def trusted_service(stack: AccountStack, *services: str) -> iam.IPrincipal:
    """Return the principal of AWS services, such as `glue`, that may assume a role for this account alone.

    Source: IAM user guide, "The confused deputy problem", section "Cross-service confused deputy prevention".
    """
    this_account = {"StringEquals": {"aws:SourceAccount": stack.account}}
    principals = [
        iam.ServicePrincipal(
            f"{service}.amazonaws.com",
            conditions=None if service.partition(".")[:2] in WITHOUT_SOURCE_ACCOUNT else this_account,
        )
        for service in services
    ]
    return principals[0] if len(principals) == 1 else iam.CompositePrincipal(*principals)


def role_by_name(stack: LakehouseStack, name: str) -> iam.IPrincipal:
    """Return the principal of a role of the account that need not exist yet; its own policy has to allow it too."""
    return iam.AccountRootPrincipal().with_conditions({"ArnEquals": {"aws:PrincipalArn": stack.role_arn(name)}})
