"""Who was granted what: permissions of principals on resources, by name or by LF-Tags."""

import json
import time
from typing import Any

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue import catalog
from emulator.services.glue.store import found
from emulator.services.lakeformation.filters import get_data_cells_filter
from emulator.services.lakeformation.store import (
    check_columns,
    check_principal,
    invalid,
    locations,
    permissions,
    saved,
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


def grant_permissions(request: Json) -> Json:
    kind = _kind(request["Resource"])
    granted, grantable = _asked(request)
    unknown = sorted((granted | grantable) - _ALLOWED[kind])
    if unknown:
        raise invalid(f"{', '.join(unknown)} can't be granted on {kind}.")
    check_principal(request["Principal"]["DataLakePrincipalIdentifier"])
    _check_resource(request["Resource"])
    entry = permissions.setdefault(
        _key(request),
        {
            "Principal": request["Principal"],
            "Resource": _with_catalog(request["Resource"]),
            "Permissions": [],
            "PermissionsWithGrantOption": [],
        },
    )
    entry["Permissions"] = sorted({*entry["Permissions"], *granted, *grantable})
    entry["PermissionsWithGrantOption"] = sorted({*entry["PermissionsWithGrantOption"], *grantable})
    entry["LastUpdated"] = time.time()
    return saved({})


def revoke_permissions(request: Json) -> Json:
    key = _key(request)
    revoked, grantable = _asked(request)
    entry = permissions.get(key)
    if entry is None or not revoked <= set(entry["Permissions"]):
        raise invalid("No permissions revoked. Grantee does not have: " + ", ".join(sorted(revoked)))
    entry["Permissions"] = sorted(set(entry["Permissions"]) - revoked)
    entry["PermissionsWithGrantOption"] = sorted(set(entry["PermissionsWithGrantOption"]) - revoked - grantable)
    if not entry["Permissions"]:
        del permissions[key]
    return saved({})


def batch_grant_permissions(request: Json) -> Json:
    return _batch(request, grant_permissions)


def batch_revoke_permissions(request: Json) -> Json:
    return _batch(request, revoke_permissions)


def list_permissions(request: Json) -> Json:
    entries = list(permissions.values())
    if "Principal" in request:
        entries = [entry for entry in entries if entry["Principal"] == request["Principal"]]
    if "Resource" in request:
        wanted = _with_catalog(request["Resource"])
        entries = [entry for entry in entries if entry["Resource"] == wanted]
    if "ResourceType" in request:
        kinds = _TYPES[request["ResourceType"]]
        entries = [entry for entry in entries if _kind(entry["Resource"]) in kinds]
    begin = int(request.get("NextToken") or 0)
    end = begin + int(request.get("MaxResults") or _PAGE)
    answer: Json = {"PrincipalResourcePermissions": entries[begin:end]}
    return answer | ({"NextToken": str(end)} if end < len(entries) else {})


def _batch(request: Json, operation: Any) -> Json:
    failures = []
    for entry in request["Entries"]:
        try:
            operation(entry)
        except AwsError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": str(error)}
            failures.append({"RequestEntry": entry, "Error": detail})
    return {"Failures": failures}


def _asked(request: Json) -> tuple[set[str], set[str]]:
    return set(request["Permissions"]), set(request.get("PermissionsWithGrantOption", []))


def _kind(resource: Json) -> str:
    [kind] = resource
    if kind == "LFTagPolicy":
        return f"{kind}/{resource[kind]['ResourceType']}"
    if kind not in _ALLOWED:
        raise invalid(f"The embedded AWS does not know grants on {kind}.")
    return str(kind)


def _check_resource(resource: Json) -> None:
    match resource:
        case {"Database": database}:
            catalog.get_database({"Name": database["Name"]})
        case {"Table": {"Name": name} as table}:
            table_of(table["DatabaseName"], name)
        case {"TableWithColumns": described}:
            table = table_of(described["DatabaseName"], described["Name"])
            check_columns(table, described.get("ColumnNames", []))
        case {"DataLocation": location}:
            arn = location["ResourceArn"]
            if not any(arn == registered or arn.startswith(registered + "/") for registered in locations):
                found(locations, arn, kind="Resource")
        case {"DataCellsFilter": named}:
            get_data_cells_filter(named)
        case {"LFTag": pair}:
            check_pair(pair)
        case {"LFTagPolicy": policy}:
            for pair in policy["Expression"]:
                check_pair(pair)


def _with_catalog(resource: Json) -> Json:
    """A resource as it is kept: with the catalog's id, and the values of an expression in order."""
    [(kind, given)] = resource.items()
    if kind == "Catalog":
        return {kind: given}
    member = "TableCatalogId" if kind == "DataCellsFilter" else "CatalogId"
    named = {member: plugin.account(), **given}
    if "Expression" in named:
        pairs = [{**pair, "TagValues": sorted(pair["TagValues"])} for pair in named["Expression"]]
        named["Expression"] = sorted(pairs, key=lambda pair: str(pair["TagKey"]))
    return {kind: named}


def _key(request: Json) -> str:
    return json.dumps([request["Principal"], _with_catalog(request["Resource"])], sort_keys=True)
