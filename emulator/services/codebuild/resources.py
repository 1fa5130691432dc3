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
"""Names of members in the API by their names in CloudFormation."""


def _request(properties: Properties) -> dict[str, Any]:
    members = {MEMBERS[name]: _camel(value) for name, value in properties.items() if name in MEMBERS}
    members["timeoutInMinutes"] = int(members.get("timeoutInMinutes", 60))
    return members | {"tags": [{"key": key, "value": value} for key, value in tag_map(properties).items()]}


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(element) for element in value]
    if isinstance(value, dict):
        names = {name: "buildspec" if name == "BuildSpec" else name[0].lower() + name[1:] for name in value}
        return {names[name]: _camel(member) for name, member in value.items()}
    return value


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    name = properties.get("Name", name)
    project = plugin.client("codebuild").create_project(name=name, **_request(properties))["project"]
    return name, {"Arn": project["arn"]}


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
