"""Settings of the data lake, and registered S3 locations."""

import time

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.lakeformation.store import STORE, check_principal, invalid, locations, settings

# Defaults of a new account: every principal that IAM allows may use a new database or table.
_EVERYONE = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
_DEFAULTS = {
    "DataLakeAdmins": [],
    "ReadOnlyAdmins": [],
    "CreateDatabaseDefaultPermissions": _EVERYONE,
    "CreateTableDefaultPermissions": _EVERYONE,
    "Parameters": {"CROSS_ACCOUNT_VERSION": "1"},
    "TrustedResourceOwners": [],
}


def current_settings() -> Json:
    """Return the settings of the data lake; those of a new account if none were put."""
    current: Json = settings.get("settings", _DEFAULTS)
    return current


@operation
def get_data_lake_settings(_: Json) -> Json:
    return {"DataLakeSettings": current_settings()}


@operation
def put_data_lake_settings(request: Json) -> Json:
    new = request["DataLakeSettings"]
    for principal in [*new.get("DataLakeAdmins", []), *new.get("ReadOnlyAdmins", [])]:
        check_principal(principal["DataLakePrincipalIdentifier"])
    cleared = {member: type(value)() for member, value in _DEFAULTS.items()}
    settings["settings"] = cleared | {"Parameters": _DEFAULTS["Parameters"]} | new
    return STORE.save({})


@operation
def register_resource(request: Json) -> Json:
    arn = request["ResourceArn"]
    if arn in locations:
        raise AwsError("AlreadyExistsException", f"Resource is already registered: {arn}")
    locations[arn] = {"ResourceArn": arn, **_location(request)}
    return STORE.save({})


@operation
def update_resource(request: Json) -> Json:
    entry = STORE.find(locations, request["ResourceArn"], kind="Resource")
    entry |= _location(request)
    return STORE.save({})


@operation
def deregister_resource(request: Json) -> Json:
    STORE.find(locations, request["ResourceArn"], kind="Resource")
    del locations[request["ResourceArn"]]
    return STORE.save({})


@operation
def describe_resource(request: Json) -> Json:
    return {"ResourceInfo": STORE.find(locations, request["ResourceArn"], kind="Resource")}


@operation
def list_resources(_: Json) -> Json:
    return {"ResourceInfoList": sorted(locations.values(), key=lambda entry: str(entry["ResourceArn"]))}


def _location(request: Json) -> Json:
    linked = f"arn:aws:iam::{plugin.account()}:role/aws-service-role/lakeformation.amazonaws.com/"
    role = linked + "AWSServiceRoleForLakeFormationDataAccess"
    if not request.get("UseServiceLinkedRole"):
        if "RoleArn" not in request:
            raise invalid("RoleArn is required unless UseServiceLinkedRole is true.")
        role = request["RoleArn"]
        check_principal(role)
    return {
        "RoleArn": role,
        "LastModified": time.time(),
        "WithFederation": request.get("WithFederation", False),
        "HybridAccessEnabled": request.get("HybridAccessEnabled", False),
        "VerificationStatus": "VERIFIED",
    }
