"""The interface of a CloudFormation resource type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]
Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """Functions that create, update and delete resources of one type.

    Attributes:
        properties: supported properties; a template with any other property fails and the error names it.
        create: takes the properties, and a name for a resource that the template does not name; returns the physical
            id (`Ref`) and the attributes (`Fn::GetAtt`).
        update: takes the physical id, the old properties and the new ones; returns the attributes.
            None: every change creates a new resource.
        delete: takes the physical id and the properties; the error that a resource does not exist is ignored.
        replacing: properties whose change creates a new resource.
    """

    properties: frozenset[str]
    create: Callable[[Properties, str], tuple[str, Attributes]]
    delete: Callable[[str, Properties], None]
    update: Callable[[str, Properties, Properties], Attributes] | None = None
    replacing: frozenset[str] = frozenset()


def picked(properties: Properties, *names: str) -> dict[str, Any]:
    """Return those of the named properties that are set, for an API call whose parameters have the same names."""
    return {name: properties[name] for name in names if name in properties}


def tag_map(properties: Properties) -> dict[str, str]:
    """Return the Tags property as a map; some types have a map, others a list of keys and values."""
    tags = properties.get("Tags") or {}
    return dict(tags) if isinstance(tags, Mapping) else {tag["Key"]: tag["Value"] for tag in tags}
