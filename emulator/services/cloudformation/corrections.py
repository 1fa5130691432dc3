"""Corrections of ministack's CloudFormation: `Fn::Join` in conditions, and the reference of a secret.

Source: AWS CloudFormation user guide, "Fn::Join" and "AWS::SecretsManager::Secret, return values": Ref is the ARN.
"""

from typing import Any

from ministack.services import secretsmanager  # type: ignore[import-untyped]
from ministack.services.cloudformation import (  # type: ignore[import-untyped]
    changesets,
    engine,
    handlers,
    provisioners,
    stacks,
)

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - the name of a type

_evaluate = engine._evaluate_conditions


def install() -> None:
    """Replace the functions of ministack."""
    for module in (engine, stacks, handlers, changesets):
        if hasattr(module, "_evaluate_conditions"):
            module._evaluate_conditions = conditions
    handler = provisioners._RESOURCE_HANDLERS[SECRET]
    create, update, delete = handler["create"], handler["update"], handler["delete"]
    handler["create"] = lambda *arguments: _by_arn(create(*arguments))
    handler["update"] = lambda arn, *arguments: _by_arn(update(_name(arn), *arguments))
    handler["delete"] = lambda arn, properties: delete(_name(arn), properties)


def conditions(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, bool]:
    """Return the values of a template's conditions."""
    joined = _join(template.get("Conditions", {}), parameters)
    evaluated: dict[str, bool] = _evaluate(template | {"Conditions": joined}, parameters)
    return evaluated


def _join(value: Any, parameters: dict[str, Any]) -> Any:
    """Return a value of the Conditions section with its joins replaced by texts."""
    if isinstance(value, list):
        return [_join(element, parameters) for element in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Fn::Join"}:
        delimiter, parts = value["Fn::Join"]
        # The parameter of a list type is one text here.
        texts = _text(parts, parameters).split(",") if isinstance(parts, dict) else parts
        return str(delimiter).join(_text(text, parameters) for text in texts)
    return {name: _join(member, parameters) for name, member in value.items()}


def _text(value: Any, parameters: dict[str, Any]) -> str:
    if isinstance(value, dict) and value.keys() == {"Ref"}:
        return str(parameters.get(value["Ref"], {}).get("Value", value["Ref"]))
    return str(value)


def _by_arn(created: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return created[1]["Arn"], created[1]


def _name(arn: str) -> str:
    """Return the name of a secret; a stack of an earlier version has it as the physical id."""
    name, secret = secretsmanager._resolve(arn)
    return str(secret["Name"] if secret else name or arn)
