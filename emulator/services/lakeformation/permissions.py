"""Permissions of principals on resources, which are granted by name or by LF-Tags."""

import json
import time
from collections.abc import Iterable
from typing import Any

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue import catalog
from emulator.services.lakeformation.filters import get_data_cells_filter
from emulator.services.lakeformation.store import (
    OPEN_CATALOG,
    STORE,
    all_permissions,
    check_columns,
    check_principal,
    closed,
    invalid,
    locations,
    permissions,
    table_of,
)
from emulator.services.lakeformation.tags import check_pair

_DATABASE = {"ALL", "ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"}
_TABLE = {"ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"}
_ALLOWED = {
    "Catalog": {"ALL", "CREATE_DATABASE", "CREATE_LF_TAG", "CREATE_LF_TAG_EXPRESSION", "CREATE_CATALOG", "DESCRIBE"},
    "Database": _DATABASE,
    "Table": _TABLE,
    "TableWithColumns": {"SELECT", "DESCRIBE"},
    "DataLocation": {"DATA_LOCATION_ACCESS"},
    "DataCellsFilter": {"SELECT"},
    "LFTag": {"ALTER", "ASSOCIATE", "DESCRIBE", "DROP", "GRANT_WITH_LF_TAG_EXPRESSION"},
    "LFTagPolicy/DATABASE": _DATABASE,
    "LFTagPolicy/TABLE": _TABLE,
}
_TYPES = {
    "CATALOG": ("Catalog",),
    "DATABASE": ("Database",),
    "TABLE": ("Table", "TableWithColumns", "DataCellsFilter"),
    "DATA_LOCATION": ("DataLocation",),
    "LF_TAG": ("LFTag",),
    "LF_TAG_POLICY": ("LFTagPolicy/DATABASE", "LFTagPolicy/TABLE"),
    "LF_TAG_POLICY_DATABASE": ("LFTagPolicy/DATABASE",),
    "LF_TAG_POLICY_TABLE": ("LFTagPolicy/TABLE",),
}
_PAGE = 1000


@operation
def grant_permissions(request: Json) -> Json:
    kind = _kind(request["Resource"])
    granted, grantable = _requested(request)
    unknown = sorted((granted | grantable) - _ALLOWED[kind])
    if unknown:
        raise invalid(f"{', '.join(unknown)} cannot be granted on {kind}.")
    check_principal(request["Principal"]["DataLakePrincipalIdentifier"])
    _check_resource(request["Resource"])
    record(request["Principal"], request["Resource"], granted, grantable=grantable)
    return STORE.save({})


def record(principal: Json, resource: Json, granted: set[str], *, grantable: Iterable[str] = ()) -> None:
    """Add permissions to those that a principal has on a resource; the caller saves the store."""
    entry = permissions.setdefault(
        _key({"Principal": principal, "Resource": resource}),
        {
            "Principal": principal,
            "Resource": _with_catalog(resource),
            "Permissions": [],
            "PermissionsWithGrantOption": [],
        },
    )
    entry["Permissions"] = sorted({*entry["Permissions"], *granted, *grantable})
    entry["PermissionsWithGrantOption"] = sorted({*entry["PermissionsWithGrantOption"], *grantable})
    entry["LastUpdated"] = time.time()


@operation
def revoke_permissions(request: Json) -> Json:
    key = _key(request)
    revoked, grantable = _requested(request)
    entry = permissions.get(key)
    if entry is None and key == _key(OPEN_CATALOG) and revoked == {*OPEN_CATALOG["Permissions"]}:
        closed["catalog"] = {"Revoked": time.time()}
        return STORE.save({})
    if entry is None or not revoked <= set(entry["Permissions"]):
        raise invalid("No permissions revoked. Grantee does not have: " + ", ".join(sorted(revoked)))
    entry["Permissions"] = sorted(set(entry["Permissions"]) - revoked)
    entry["PermissionsWithGrantOption"] = sorted(set(entry["PermissionsWithGrantOption"]) - revoked - grantable)
    if not entry["Permissions"]:
        del permissions[key]
    return STORE.save({})


@operation
def batch_grant_permissions(request: Json) -> Json:
    return _batch(request, grant_permissions)


@operation
def batch_revoke_permissions(request: Json) -> Json:
    return _batch(request, revoke_permissions)


@operation
def list_permissions(request: Json) -> Json:
    entries = all_permissions()
    if "Principal" in request:
        entries = [entry for entry in entries if entry["Principal"] == request["Principal"]]
    if "Resource" in request:
        resource = _with_catalog(request["Resource"])
        entries = [entry for entry in entries if entry["Resource"] == resource]
    if "ResourceType" in request:
        kinds = _TYPES[request["ResourceType"]]
        entries = [entry for entry in entries if _kind(entry["Resource"]) in kinds]
    begin = int(request.get("NextToken") or 0)
    end = begin + int(request.get("MaxResults") or _PAGE)
    response: Json = {"PrincipalResourcePermissions": entries[begin:end]}
    return response | ({"NextToken": str(end)} if end < len(entries) else {})


def _batch(request: Json, operation: Any) -> Json:
    failures = []
    for entry in request["Entries"]:
        try:
            operation(entry)
        except AwsError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": str(error)}
            failures.append({"RequestEntry": entry, "Error": detail})
    return {"Failures": failures}


def _requested(request: Json) -> tuple[set[str], set[str]]:
    return set(request["Permissions"]), set(request.get("PermissionsWithGrantOption", []))


def _kind(resource: Json) -> str:
    [kind] = resource
    if kind == "LFTagPolicy":
        return f"{kind}/{resource[kind]['ResourceType']}"
    if kind not in _ALLOWED:
        raise invalid(f"The emulator does not support grants on {kind}.")
    return str(kind)


def _check_resource(resource: Json) -> None:
    match resource:
        case {"Database": database}:
            catalog.get_database({"Name": database["Name"]})
        case {"Table": {"Name": name} as table}:
            table_of(table["DatabaseName"], name)
        case {"TableWithColumns": columns}:
            table = table_of(columns["DatabaseName"], columns["Name"])
            check_columns(table, columns.get("ColumnNames", []))
        case {"DataLocation": location}:
            arn = location["ResourceArn"]
            if not any(arn == registered or arn.startswith(registered + "/") for registered in locations):
                STORE.find(locations, arn, kind="Resource")
        case {"DataCellsFilter": names}:
            get_data_cells_filter(names)
        case {"LFTag": pair}:
            check_pair(pair)
        case {"LFTagPolicy": policy}:
            for pair in policy["Expression"]:
                check_pair(pair)


def _with_catalog(resource: Json) -> Json:
    """Return a resource in the form that is stored: with the catalog's id, and the values of an expression in order."""
    [(kind, members)] = resource.items()
    if kind == "Catalog":
        return {kind: members}
    catalog_member = "TableCatalogId" if kind == "DataCellsFilter" else "CatalogId"
    stored = {catalog_member: plugin.account(), **members}
    if "Expression" in stored:
        pairs = [{**pair, "TagValues": sorted(pair["TagValues"])} for pair in stored["Expression"]]
        stored["Expression"] = sorted(pairs, key=lambda pair: str(pair["TagKey"]))
    return {kind: stored}


def _key(request: Json) -> str:
    return json.dumps([request["Principal"], _with_catalog(request["Resource"])], sort_keys=True)
