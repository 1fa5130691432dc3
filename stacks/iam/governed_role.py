"""Roles that people take, and who may take one: each has one policy, whose wildcards are acknowledged one by one."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.stack import LakehouseStack


def governed_role(
    stack: LakehouseStack,
    construct_id: str,
    *,
    name: str,
    description: str,
    trust: iam.IPrincipal,
    statements: list[iam.PolicyStatement],
    why: str,
    hours: int = 1,
) -> iam.Role:
    """Make the role.

    Args:
        stack: where it is made.
        construct_id: names it there.
        name, description: what people read.
        trust: who takes it.
        statements: its policy.
        why: why some of these name resources with `*`, for a security reviewer.
        hours: how long one session of it may last.
    """
    role = iam.Role(
        stack,
        construct_id,
        role_name=name,
        description=description,
        assumed_by=trust,
        max_session_duration=None if hours == 1 else Duration.hours(hours),
    )
    policy = iam.Policy(role, "Policy", statements=statements, roles=[role])
    acknowledge_wildcards(policy, statements, reason=why)
    return role


def role_by_name(stack: LakehouseStack, name: str) -> iam.IPrincipal:
    """A role of the account that need not exist yet; its own policy has to let it as well."""
    return iam.AccountRootPrincipal().with_conditions({"ArnEquals": {"aws:PrincipalArn": stack.role_arn(name)}})
