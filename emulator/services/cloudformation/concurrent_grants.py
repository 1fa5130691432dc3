"""Grants of Lake Formation that CloudFormation would make at the same time: they fail.

CloudFormation creates resources at the same time if none waits for another. ministack creates them one after the other,
so a template whose grants fail in AWS would be deployed here.
Source: github.com/aws-cloudformation/cloudformation-coverage-roadmap, issue 2432: ten grants and more fail.
"""

import contextvars
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services import cloudformation  # type: ignore[import-untyped]
from ministack.services.cloudformation import engine, provisioners, stacks  # type: ignore[import-untyped]

TYPES = ("AWS::LakeFormation::PrincipalPermissions", "AWS::LakeFormation::TagAssociation")
AT_ONCE = 10

_waits: contextvars.ContextVar[Mapping[str, set[str]]] = contextvars.ContextVar("waits")
"""For each resource of the deployed template: the resources that it waits for, directly or not."""


def install() -> None:
    """Check each grant before it is created."""
    order = stacks._topological_sort

    def remembered(resources: dict[str, Any], conditions: dict[str, bool]) -> list[str]:
        ordered: list[str] = order(resources, conditions)
        _waits.set(waits(ordered, resources))
        return ordered

    stacks._topological_sort = remembered
    for name in TYPES:
        handler = provisioners._RESOURCE_HANDLERS[name]
        handler["create"] = _checked(handler["create"])


def waits(ordered: Iterable[str], resources: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return for each grant the grants that it waits for, directly or through other resources.

    Args:
        ordered: logical ids, each after those that it waits for.
        resources: definitions by logical id.
    """
    names = set(resources)
    before: dict[str, set[str]] = {}
    for name in ordered:
        direct = engine._extract_deps(resources[name], names) & before.keys()
        before[name] = direct.union(*(before[other] for other in direct))
    grants = {name for name in before if resources[name].get("Type") in TYPES}
    return {name: before[name] & grants for name in grants}


def _checked(create: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(create)
    def checked(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        exist = cloudformation._stacks[stack]["_resources"].keys()
        known = _waits.get()
        own = known.get(logical_id, set())
        beside = [name for name in known.keys() - exist - own if name != logical_id and logical_id not in known[name]]
        if len(beside) >= AT_ONCE - 1:
            raise ValueError(
                f"{logical_id} is created at the same time as {len(beside)} other changes of Lake Formation, such as "
                f"{sorted(beside)[0]}: let each depend on the last (Service: LakeFormation, Status Code: 400, "
                "Error Code: ConcurrentModificationException)"
            )
        return create(logical_id, properties, stack)

    return checked
