"""Write a CloudFormation template in a readable form for comparison: it differs only where the template differs."""

import json
import re
from math import inf
from typing import Any

import yaml

from lakehouse.cost.assembly import Template

HASH = re.compile(r"\b[0-9a-f]{64}\b")
MASK = "<hash>"
FLOW_CHARACTERS = 110


def readable(template: Template) -> str:
    """Return the resources and outputs of a template as YAML.

    References become text (`${Key.Arn}`), and JSON in texts becomes structure. Hashes of uploaded files are masked,
    because the files have their own history. Metadata and parts that the CDK adds to every template are left out.
    """
    parts = {name: plain(template[name]) for name in ("Resources", "Outputs") if name in template}
    for name, resource in parts["Resources"].items():
        attributes = {key: item for key, item in resource.items() if key not in ("Type", "Metadata")}
        parts["Resources"][name] = {"Type": resource["Type"], **attributes}
    return dump(parts)


def dump(value: Any) -> str:
    """Return a value as YAML, with the keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Dumper that writes repeated values in full, and texts of several lines as blocks.

    Short collections are on one line, and long lists of scalars fill lines.
    """

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        node = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = _is_short(node.value) or all(map(_is_word, node.value))
        return node

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = _is_short([part for pair in node.value for part in pair])
        return node


def _is_short(parts: list[yaml.Node]) -> bool:
    """Return whether a collection is read at a glance: it has few characters and no lines."""
    return sum(map(_characters, parts)) <= FLOW_CHARACTERS


def _is_word(node: yaml.Node) -> bool:
    """Return whether a value is a scalar of one line: many of them fill lines, as words do."""
    return isinstance(node, yaml.ScalarNode) and "\n" not in node.value


def _characters(node: yaml.Node) -> float:
    """Return the characters of a value on one line, with what separates it; infinite for what takes several lines."""
    if isinstance(node, yaml.CollectionNode):
        if not node.flow_style:
            return inf
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        return 4 + sum(map(_characters, parts))
    return inf if "\n" in node.value else len(node.value) + 2


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def plain(value: Any) -> Any:
    """Return properties with their references as text (`${Key.Arn}`), as in `readable`."""
    match value:
        case {"Ref": name} if len(value) == 1:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]} if isinstance(attribute, str):
            return f"${{{name}.{attribute}}}"
        case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
            return f"${{{stack}:{output}}}"
        case {"Fn::Sub": str(text)}:
            return _masked(text)
        case {"Fn::Join": ["", [*parts]]}:
            texts = [plain(part) for part in parts]
            if all(isinstance(text, str) for text in texts):
                return _structured("".join(texts))
            return {"Fn::Join": ["", texts]}
        case dict():
            return {name: _ordered(name, plain(value[name])) for name in sorted(value)}
        case list():
            return [plain(item) for item in value]
        case str():
            # A text that only looks like a reference is escaped as in `Fn::Sub`.
            return _structured(value.replace("${", "${!"))
    return value


def _ordered(name: str, value: Any) -> Any:
    """Sort the sets of a policy again: the CDK sorts them by values whose hashes are masked here."""
    return sorted(value, key=str) if name in ("Action", "Resource") and isinstance(value, list) else value


def _structured(text: str) -> Any:
    if text.startswith(("{", "[")):
        try:
            document = json.loads(text)
        except ValueError:
            return _masked(text)
        return {"JSON": json.loads(_masked(json.dumps(document)))}
    return _masked(text)


def _masked(text: str) -> str:
    return HASH.sub(MASK, text)
