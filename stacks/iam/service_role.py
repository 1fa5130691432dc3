"""A role that one AWS service takes for one thing of ours: a job, a function, the tables' upkeep."""

from typing import NamedTuple

from aws_cdk import aws_iam as iam

from stacks.iam.acknowledge import acknowledge_wildcards
from stacks.stack import LakehouseStack


class ServiceRole(NamedTuple):
    """A role and its one policy, which what takes the role has to wait for."""

    role: iam.Role
    policy: iam.Policy


def service_role(
    stack: LakehouseStack,
    purpose: str,
    *,
    name: str,
    description: str,
    service: str,
    statements: list[iam.PolicyStatement],
    why: str,
) -> ServiceRole:
    """Make the role.

    Args:
        stack: where it is made.
        purpose: names role and policy there.
        name, description: what people read.
        service: who takes it, e.g. `glue`.
        statements: its policy.
        why: why some of these name resources with `*`, for a security reviewer.
    """
    role = iam.Role(
        stack,
        f"{purpose}-role",
        role_name=name,
        description=description,
        assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com"),
    )
    policy = iam.Policy(stack, f"{purpose}-policy", statements=statements, roles=[role])
    acknowledge_wildcards(policy, statements, reason=why)
    return ServiceRole(role, policy)
