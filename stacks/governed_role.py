"""A role with one policy, whose wildcards are acknowledged one by one."""

from aws_cdk import aws_iam as iam

from stacks.acknowledge import acknowledge_wildcards
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
) -> iam.Role:
    """Make the role.

    Args:
        stack: where it is made.
        construct_id: names it there.
        name, description: what people read.
        trust: who takes it.
        statements: its policy.
        why: why some of these name resources with `*`, for a security reviewer.
    """
    role = iam.Role(stack, construct_id, role_name=name, description=description, assumed_by=trust)
    policy = iam.Policy(role, "Policy", statements=statements, roles=[role])
    acknowledge_wildcards(policy, statements, reason=why)
    return role
