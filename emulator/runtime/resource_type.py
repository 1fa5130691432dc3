"""What CloudFormation asks of a resource type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]
Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """How one type is made, changed and removed.

    Args:
        properties: those that are known; a template with another fails by its name.
        create: from the properties, and a name for a resource that the template does not name; returns the physical
            id (`Ref`) and the attributes (`Fn::GetAtt`).
        update: from the physical id, the old properties and the new ones; returns the attributes.
            None: every change makes a new resource.
        delete: from the physical id and the properties; a resource that is gone already is no error.
        replacing: properties whose change makes a new resource.
    """

    properties: frozenset[str]
    create: Callable[[Properties, str], tuple[str, Attributes]]
    delete: Callable[[str, Properties], None]
    update: Callable[[str, Properties, Properties], Attributes] | None = None
    replacing: frozenset[str] = frozenset()


def picked(properties: Properties, *names: str) -> dict[str, Any]:
    """The given properties out of these names, for an API call that calls them the same."""
    return {name: properties[name] for name in names if name in properties}


def tag_map(properties: Properties) -> dict[str, str]:
    """The Tags property as a map, whichever of its two forms the type has."""
    tags = properties.get("Tags") or {}
    return dict(tags) if isinstance(tags, Mapping) else {tag["Key"]: tag["Value"] for tag in tags}
