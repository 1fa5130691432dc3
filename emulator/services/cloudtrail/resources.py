"""AWS::CloudTrail::Trail."""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked

MEMBERS = (
    "EnableLogFileValidation",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "IsOrganizationTrail",
    "S3BucketName",
    "S3KeyPrefix",
)
# Names in the API by their names in CloudFormation.
API_NAMES = {"KMSKeyId": "KmsKeyId"}
FLAGS = ("EnableLogFileValidation", "IncludeGlobalServiceEvents", "IsMultiRegionTrail", "IsOrganizationTrail")
SELECTORS = ("AdvancedEventSelectors", "EventSelectors")


def _trail(properties: Properties) -> dict[str, Any]:
    members = picked(properties, *MEMBERS)
    members |= {name: members[name] in (True, "true") for name in FLAGS if name in members}
    return members | {api: properties[name] for name, api in API_NAMES.items() if name in properties}


def _set_selectors_and_logging(name: str, properties: Properties) -> None:
    """Set the properties that are not part of the trail's record: its event selectors, and whether it logs."""
    cloudtrail = plugin.client("cloudtrail")
    for selectors in SELECTORS:
        if selectors in properties:
            cloudtrail.put_event_selectors(TrailName=name, **picked(properties, selectors))
    if properties["IsLogging"] in (True, "true"):
        cloudtrail.start_logging(Name=name)
    else:
        cloudtrail.stop_logging(Name=name)


def _attributes(name: str) -> Attributes:
    arn: str = plugin.client("cloudtrail").get_trail(Name=name)["Trail"]["TrailARN"]
    return {"Arn": arn}


def _create(properties: Properties, name: str) -> tuple[str, Attributes]:
    name = properties.get("TrailName", name)
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in properties.get("Tags", [])]
    plugin.client("cloudtrail").create_trail(Name=name, **_trail(properties))
    attributes = _attributes(name)
    if tags:
        plugin.client("cloudtrail").add_tags(ResourceId=attributes["Arn"], TagsList=tags)
    _set_selectors_and_logging(name, properties)
    return name, attributes


def _update(name: str, _: Properties, new: Properties) -> Attributes:
    plugin.client("cloudtrail").update_trail(Name=name, **_trail(new))
    _set_selectors_and_logging(name, new)
    return _attributes(name)


def _delete(name: str, _: Properties) -> None:
    plugin.client("cloudtrail").delete_trail(Name=name)


TYPES = {
    "AWS::CloudTrail::Trail": ResourceType(
        properties=frozenset({"TrailName", "IsLogging", "Tags", *MEMBERS, *API_NAMES, *SELECTORS}),
        create=_create,
        update=_update,
        delete=_delete,
        replacing=frozenset({"TrailName"}),
    ),
}
