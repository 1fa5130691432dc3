"""The resources of a synthesized app, as tests query them."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from lakehouse.cost import assembly

Json = dict[str, Any]


class Resource(NamedTuple):
    """One resource of one stack."""

    stack: str
    logical_id: str
    type: str
    properties: Json
    definition: Json


class Assembly:
    """A cloud assembly on disk.

    Args:
        folder: where `synth` wrote it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def manifest(self) -> Json:
        loaded: Json = json.loads((self.folder / "manifest.json").read_text())
        return loaded

    @cached_property
    def templates(self) -> dict[str, Json]:
        """Templates by stack name, in its order."""
        return {name: dict(template) for name, template in assembly.templates(self.folder).items()}

    @cached_property
    def dependencies(self) -> dict[str, set[str]]:
        """Stacks that come before a stack, by name."""
        return {
            self._name(artifact): {self._name(other) for other in stack["dependencies"] if other in self._stacks}
            for artifact, stack in self._stacks.items()
        }

    @property
    def _stacks(self) -> dict[str, Json]:
        artifacts: dict[str, Json] = self.manifest["artifacts"]
        return {name: item for name, item in artifacts.items() if item["type"] == "aws:cloudformation:stack"}

    def _name(self, artifact: str) -> str:
        """Name of a stack; the manifest has it where it is not the artifact's own id."""
        name: str = self._stacks[artifact]["properties"].get("stackName", artifact)
        return name

    @cached_property
    def assets(self) -> dict[str, Path]:
        """Files that a deployment uploads, by their key in the bootstrap bucket; templates left out."""
        files: dict[str, Path] = {}
        for path in self.folder.glob("*.assets.json"):
            for asset in json.loads(path.read_text())["files"].values():
                source = self.folder / asset["source"]["path"]
                if not source.name.endswith(".template.json"):
                    files |= {target["objectKey"]: source for target in asset["destinations"].values()}
        return files

    def resources(self, type_: str | None = None) -> list[Resource]:
        """All resources, or those of one CloudFormation type."""
        return [
            Resource(stack, logical_id, definition["Type"], definition.get("Properties", {}), definition)
            for stack, template in self.templates.items()
            for logical_id, definition in template["Resources"].items()
            if type_ in (None, definition["Type"])
        ]

    def named(self, type_: str, name_property: str) -> dict[str, Json]:
        """Properties of the resources of a type, by their name."""
        return {resource.properties[name_property]: resource.properties for resource in self.resources(type_)}


def policy_statements(resource: Resource) -> Iterator[Json]:
    """Statements of all policy documents in a resource."""
    for found in walk(resource.properties):
        if isinstance(found, dict) and isinstance(found.get("Statement"), list):
            yield from found["Statement"]


def walk(value: Any) -> Iterator[Any]:
    """A JSON value and all that is in it."""
    yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def as_list(value: Any) -> list[Any]:
    """CloudFormation writes a list of one as its one item."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A string with CloudFormation functions in it, each `Ref` and `Fn::GetAtt` in angle brackets."""
    match value:
        case str():
            return re.sub(r"\$\{([^}]+)\}", r"<\1>", value)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(text(part) for part in parts)
        case {"Fn::Sub": str(template)}:
            return text(template)
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]} | {"Fn::GetStackOutput": {"OutputName": name}}:
            return f"<{name}>"
        case {"Fn::Select": [index, {"Fn::Split": [separator, whole]}]}:
            return f"<{text(whole)} split by {separator}, {index}>"
    raise TypeError(f"no string: {value!r}")
