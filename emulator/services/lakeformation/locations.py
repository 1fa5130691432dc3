"""Settings of the data lake, and the S3 locations whose access Lake Formation vends."""

import time

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue.store import found
from emulator.services.lakeformation.store import check_principal, invalid, locations, saved, settings

# What a new account has: whoever IAM allows may use a new database or table.
_EVERYONE = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
_AT_FIRST = {
    "DataLakeAdmins": [],
    "ReadOnlyAdmins": [],
    "CreateDatabaseDefaultPermissions": _EVERYONE,
    "CreateTableDefaultPermissions": _EVERYONE,
    "Parameters": {"CROSS_ACCOUNT_VERSION": "1"},
    "TrustedResourceOwners": [],
}


def get_data_lake_settings(_: Json) -> Json:
    return {"DataLakeSettings": settings.get("settings", _AT_FIRST)}


def put_data_lake_settings(request: Json) -> Json:
    given = request["DataLakeSettings"]
    for principal in [*given.get("DataLakeAdmins", []), *given.get("ReadOnlyAdmins", [])]:
        check_principal(principal["DataLakePrincipalIdentifier"])
    cleared = {member: type(value)() for member, value in _AT_FIRST.items()}
    settings["settings"] = cleared | {"Parameters": _AT_FIRST["Parameters"]} | given
    return saved({})


def register_resource(request: Json) -> Json:
    arn = request["ResourceArn"]
    if arn in locations:
        raise AwsError("AlreadyExistsException", f"Resource is already registered: {arn}")
    locations[arn] = {"ResourceArn": arn, **_terms(request)}
    return saved({})


def update_resource(request: Json) -> Json:
    entry = found(locations, request["ResourceArn"], kind="Resource")
    entry |= _terms(request)
    return saved({})


def deregister_resource(request: Json) -> Json:
    found(locations, request["ResourceArn"], kind="Resource")
    del locations[request["ResourceArn"]]
    return saved({})


def describe_resource(request: Json) -> Json:
    return {"ResourceInfo": found(locations, request["ResourceArn"], kind="Resource")}


def list_resources(_: Json) -> Json:
    return {"ResourceInfoList": sorted(locations.values(), key=lambda entry: str(entry["ResourceArn"]))}


def _terms(request: Json) -> Json:
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
