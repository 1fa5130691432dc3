"""Grants of Lake Formation and what they are used for, from the decisions that an emulator recorded.

Each grant is taken away in turn: one whose loss neither denies a call nor hides a column or row needs a reason.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from emulator.services.lakeformation.records import FILE, name_of

OWNER = "ALL"
"""A permission of whoever created a database or table: nobody granted it, so nobody can take it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeDecision:
    """A decision; its members are those of `emulator.services.lakeformation.records`."""

    principal: str
    permission: str
    on: str
    allowed: bool
    alone: bool
    granting: tuple[str, ...]
    needed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeGrant:
    """A grant and its use.

    Attributes:
        role: name of the role.
        resource: what it is a grant on, such as `TABLE zone=raw|ops`.
        permissions: the granted permissions.
        used: those that an allowed call needed, and that this grant gives.
        is_needed: whether its loss changes a decision.
    """

    role: str
    resource: str
    permissions: tuple[str, ...]
    used: tuple[str, ...]
    is_needed: bool


def recorded(root: Path) -> list[LakeDecision]:
    """Return the distinct decisions of the server in a root folder."""
    found = [json.loads(line) for line in (root / FILE).read_text().splitlines()]
    return [
        LakeDecision(**{**line, "granting": tuple(line["granting"]), "needed": tuple(line["needed"])}) for line in found
    ]


def granted() -> list[dict[str, Any]]:
    """Return the grants to roles of the account that somebody made, as the API returns them."""
    pages: list[dict[str, Any]] = []
    client: Any = boto3.client("lakeformation")
    answer: dict[str, Any] = {}
    while not pages or "NextToken" in answer:
        answer = client.list_permissions(**({"NextToken": answer["NextToken"]} if answer else {}))
        pages += answer["PrincipalResourcePermissions"]
    return [
        grant
        for grant in pages
        if ":role/" in grant["Principal"]["DataLakePrincipalIdentifier"] and OWNER not in grant["Permissions"]
    ]


def uses(grants: Iterable[dict[str, Any]], decisions: Iterable[LakeDecision]) -> Iterator[LakeGrant]:
    """Yield each grant with its use."""
    allowed = [decision for decision in decisions if decision.allowed and not decision.alone]
    for grant in grants:
        name = name_of(grant)
        using = [decision for decision in allowed if name in decision.granting]
        asked = {decision.permission for decision in using}
        yield LakeGrant(
            role=grant["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2],
            resource=text_of(grant["Resource"]),
            permissions=tuple(grant["Permissions"]),
            used=tuple(permission for permission in grant["Permissions"] if permission in asked),
            is_needed=any(name in decision.needed for decision in using),
        )


def text_of(resource: dict[str, Any]) -> str:
    """Return a short text of the resource of a grant."""
    match resource:
        case {"LFTagPolicy": policy}:
            pairs = [f"{pair['TagKey']}={'|'.join(pair['TagValues'])}" for pair in policy["Expression"]]
            return f"{policy['ResourceType']} {' '.join(pairs)}"
        case {"DataLocation": location}:
            return f"LOCATION {location['ResourceArn'].rpartition(':')[2]}"
        case {"LFTag": tag}:
            return f"TAG {tag['TagKey']}"
    return json.dumps(resource, sort_keys=True)
