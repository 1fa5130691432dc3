"""AWS::MWAA::Environment."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, tag_map

MEMBERS = frozenset(
    {
        *("AirflowConfigurationOptions", "AirflowVersion", "DagS3Path", "EndpointManagement", "EnvironmentClass"),
        *("ExecutionRoleArn", "KmsKey", "LoggingConfiguration", "MaxWebservers", "MaxWorkers", "MinWebservers"),
        *("MinWorkers", "NetworkConfiguration", "PluginsS3ObjectVersion", "PluginsS3Path"),
        *("RequirementsS3ObjectVersion", "RequirementsS3Path", "Schedulers", "SourceBucketArn"),
        *("StartupScriptS3ObjectVersion", "StartupScriptS3Path", "WebserverAccessMode"),
        *("WeeklyMaintenanceWindowStart", "WorkerReplacementStrategy"),
    }
)
COUNTS = ("MaxWebservers", "MaxWorkers", "MinWebservers", "MinWorkers", "Schedulers")
FIXED = frozenset({"EndpointManagement", "KmsKey"})
"""Properties that UpdateEnvironment cannot change."""


def _request(properties: Properties) -> dict[str, Any]:
    members = {name: value for name, value in properties.items() if name in MEMBERS}
    members |= {name: int(members[name]) for name in COUNTS if name in members}
    logs = members.get("LoggingConfiguration", {})
    members["LoggingConfiguration"] = {
        name: setting | {"Enabled": setting.get("Enabled") in (True, "true")} for name, setting in logs.items()
    }
    return members


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    name = properties.get("Name", name)
    mwaa = plugin.client("mwaa")
    mwaa.create_environment(Name=name, Tags=tag_map(properties), **_request(properties))
    return name, _attributes(name)


def _update(name: str, _: Properties, new: Properties) -> Attributes:
    changes = {key: value for key, value in _request(new).items() if key not in FIXED}
    network = changes.pop("NetworkConfiguration", {})
    plugin.client("mwaa").update_environment(
        Name=name, NetworkConfiguration={"SecurityGroupIds": network.get("SecurityGroupIds", [])}, **changes
    )
    return _attributes(name)


def _attributes(name: str) -> Attributes:
    environment = plugin.client("mwaa").get_environment(Name=name)["Environment"]
    return {"Arn": environment["Arn"], "WebserverUrl": environment.get("WebserverUrl", "")}


def _delete(name: str, _: Properties) -> None:
    plugin.client("mwaa").delete_environment(Name=name)


TYPES = {
    "AWS::MWAA::Environment": ResourceType(
        properties=frozenset({"Name", "Tags", *MEMBERS}),
        create=_create,
        update=_update,
        delete=_delete,
        replacing=frozenset({"Name"}) | FIXED,
    )
}
