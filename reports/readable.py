"""A CloudFormation template as a person reads it, in a form whose differences are the template's."""

import json
import re
from typing import Any

import yaml

from lakehouse.cost.assembly import Template

HASH = re.compile(r"\b[0-9a-f]{64}\b")
MASK = "<hash>"


def readable(template: Template) -> str:
    """Resources and outputs of a template, as YAML.

    References become text (`${Key.Arn}`), JSON in text becomes structure, hashes of uploaded files are masked: their
    content has its own history. Metadata and what the CDK puts into every template are left out.
    """
    parts = {name: plain(template[name]) for name in ("Resources", "Outputs") if name in template}
    for name, resource in parts["Resources"].items():
        kept = {key: item for key, item in resource.items() if key not in ("Type", "Metadata")}
        parts["Resources"][name] = {"Type": resource["Type"], **kept}
    return dump(parts)


def dump(value: Any) -> str:
    """Return a value as YAML, with the keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes out what it meets again, and texts of several lines as such."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def plain(value: Any) -> Any:
    """Properties with their references as text (`${Key.Arn}`), as `readable` writes them."""
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
            # What would look like a reference and is none, as `Fn::Sub` writes it.
            return _structured(value.replace("${", "${!"))
    return value


def _ordered(name: str, value: Any) -> Any:
    """Sets of a policy in an order that no hash decides: the CDK sorts them before it is masked."""
    return sorted(value, key=str) if name in ("Action", "Resource") and isinstance(value, list) else value


def _structured(text: str) -> Any:
    if text.startswith(("{", "[")):
        try:
            found = json.loads(text)
        except ValueError:
            return _masked(text)
        return {"JSON": json.loads(_masked(json.dumps(found)))}
    return _masked(text)


def _masked(text: str) -> str:
    return HASH.sub(MASK, text)
