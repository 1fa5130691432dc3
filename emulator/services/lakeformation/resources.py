"""AWS::LakeFormation: DataLakeSettings, Resource, Tag, TagAssociation and PrincipalPermissions."""

import json
from typing import Any

from emulator.runtime import plugin
from emulator.runtime.resource_type import Attributes, Properties, ResourceType, picked

SETTINGS_MEMBERS = {
    "Admins": "DataLakeAdmins",
    "CreateDatabaseDefaultPermissions": "CreateDatabaseDefaultPermissions",
    "CreateTableDefaultPermissions": "CreateTableDefaultPermissions",
    "Parameters": "Parameters",
    "TrustedResourceOwners": "TrustedResourceOwners",
}
RESOURCE_MEMBERS = ("ResourceArn", "RoleArn", "UseServiceLinkedRole", "HybridAccessEnabled", "WithFederation")
GRANT_MEMBERS = ("Principal", "Resource", "Permissions", "PermissionsWithGrantOption")
FLAGS = ("UseServiceLinkedRole", "HybridAccessEnabled", "WithFederation")


def _client() -> Any:
    return plugin.client("lakeformation")


def _put_settings(properties: Properties) -> None:
    """Replace all settings; settings that the template omits are cleared, as with the MutationType REPLACE."""
    if properties.get("MutationType", "REPLACE") != "REPLACE":
        raise ValueError("AWS::LakeFormation::DataLakeSettings: the emulator supports the MutationType REPLACE only")
    members = {api: properties[name] for name, api in SETTINGS_MEMBERS.items() if name in properties}
    _client().put_data_lake_settings(DataLakeSettings=members)


def _create_settings(properties: Properties, name: str) -> tuple[str, Attributes]:
    _put_settings(properties)
    return name, {"Id": name}


def _update_settings(_: str, __: Properties, new: Properties) -> Attributes:
    _put_settings(new)
    return {}


def _delete_settings(_: str, __: Properties) -> None:
    _client().put_data_lake_settings(DataLakeSettings={})


def _location(properties: Properties) -> dict[str, Any]:
    members = picked(properties, *RESOURCE_MEMBERS)
    return members | {name: members[name] in (True, "true") for name in FLAGS if name in members}


def _create_location(properties: Properties, _: str) -> tuple[str, Attributes]:
    arn: str = properties["ResourceArn"]
    _client().register_resource(**_location(properties))
    return arn, {"Id": arn}


def _update_location(_: str, __: Properties, new: Properties) -> Attributes:
    members = _location(new)
    members.pop("UseServiceLinkedRole")
    _client().update_resource(**members)
    return {}


def _delete_location(arn: str, _: Properties) -> None:
    _client().deregister_resource(ResourceArn=arn)


def _create_tag(properties: Properties, _: str) -> tuple[str, Attributes]:
    _client().create_lf_tag(TagKey=properties["TagKey"], TagValues=properties["TagValues"])
    return properties["TagKey"], {}


def _update_tag(key: str, old: Properties, new: Properties) -> Attributes:
    before, after = set(old["TagValues"]), set(new["TagValues"])
    changes = {"TagValuesToAdd": sorted(after - before), "TagValuesToDelete": sorted(before - after)}
    _client().update_lf_tag(TagKey=key, **{name: values for name, values in changes.items() if values})
    return {}


def _delete_tag(key: str, _: Properties) -> None:
    _client().delete_lf_tag(TagKey=key)


def _pairs(properties: Properties) -> list[dict[str, Any]]:
    return [picked(pair, "TagKey", "TagValues") for pair in properties["LFTags"]]


def _create_association(properties: Properties, _: str) -> tuple[str, Attributes]:
    response = _client().add_lf_tags_to_resource(Resource=properties["Resource"], LFTags=_pairs(properties))
    if response["Failures"]:
        raise ValueError(f"AWS::LakeFormation::TagAssociation: {response['Failures'][0]['Error']['ErrorMessage']}")
    identifiers = {
        "ResourceIdentifier": json.dumps(properties["Resource"], sort_keys=True),
        "TagsIdentifier": json.dumps(properties["LFTags"], sort_keys=True),
    }
    return "|".join(identifiers.values()), identifiers


def _delete_association(_: str, properties: Properties) -> None:
    _client().remove_lf_tags_from_resource(Resource=properties["Resource"], LFTags=_pairs(properties))


def _create_grant(properties: Properties, _: str) -> tuple[str, Attributes]:
    _client().grant_permissions(**picked(properties, *GRANT_MEMBERS))
    identifiers = {
        "PrincipalIdentifier": json.dumps(properties["Principal"], sort_keys=True),
        "ResourceIdentifier": json.dumps(properties["Resource"], sort_keys=True),
    }
    return "|".join(identifiers.values()), identifiers


def _delete_grant(_: str, properties: Properties) -> None:
    _client().revoke_permissions(**picked(properties, *GRANT_MEMBERS))


TYPES = {
    "AWS::LakeFormation::DataLakeSettings": ResourceType(
        properties=frozenset({*SETTINGS_MEMBERS, "MutationType"}),
        create=_create_settings,
        update=_update_settings,
        delete=_delete_settings,
    ),
    "AWS::LakeFormation::Resource": ResourceType(
        properties=frozenset(RESOURCE_MEMBERS),
        create=_create_location,
        update=_update_location,
        delete=_delete_location,
        replacing=frozenset({"ResourceArn"}),
    ),
    "AWS::LakeFormation::Tag": ResourceType(
        properties=frozenset({"CatalogId", "TagKey", "TagValues"}),
        create=_create_tag,
        update=_update_tag,
        delete=_delete_tag,
        replacing=frozenset({"CatalogId", "TagKey"}),
    ),
    "AWS::LakeFormation::TagAssociation": ResourceType(
        properties=frozenset({"Resource", "LFTags"}), create=_create_association, delete=_delete_association
    ),
    "AWS::LakeFormation::PrincipalPermissions": ResourceType(
        properties=frozenset({"Catalog", *GRANT_MEMBERS}), create=_create_grant, delete=_delete_grant
    ),
}
