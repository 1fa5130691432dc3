"""AWS::CodeBuild::Project."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, tag_map

MEMBERS = {
    "Artifacts": "artifacts",
    "Description": "description",
    "EncryptionKey": "encryptionKey",
    "Environment": "environment",
    "LogsConfig": "logsConfig",
    "ServiceRole": "serviceRole",
    "Source": "source",
    "TimeoutInMinutes": "timeoutInMinutes",
}
"""Names of the API by those of CloudFormation."""


def _request(properties: Properties) -> dict[str, Any]:
    given = {MEMBERS[name]: _camel(value) for name, value in properties.items() if name in MEMBERS}
    given["timeoutInMinutes"] = int(given.get("timeoutInMinutes", 60))
    return given | {"tags": [{"key": key, "value": value} for key, value in tag_map(properties).items()]}


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if isinstance(value, dict):
        names = {name: "buildspec" if name == "BuildSpec" else name[0].lower() + name[1:] for name in value}
        return {names[name]: _camel(item) for name, item in value.items()}
    return value


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    name = properties.get("Name", name)
    answer = plugin.client("codebuild").create_project(name=name, **_request(properties))
    return name, {"Arn": answer["project"]["arn"]}


def _update(name: str, _: Properties, new: Properties) -> Attributes:
    return {"Arn": plugin.client("codebuild").update_project(name=name, **_request(new))["project"]["arn"]}


def _delete(name: str, _: Properties) -> None:
    plugin.client("codebuild").delete_project(name=name)


TYPES = {
    "AWS::CodeBuild::Project": ResourceType(
        properties=frozenset({"Name", "Tags", *MEMBERS}),
        create=_create,
        update=_update,
        delete=_delete,
        replacing=frozenset({"Name"}),
    )
}
