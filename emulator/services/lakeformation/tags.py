"""LF-Tags, and the databases, tables and columns that have them.

A table inherits the tags of its database, and a column those of its table, unless it has another value for the key. The
tags of a table are deleted with the table.

Source: Lake Formation developer guide, "Lake Formation tag-based access control".
"""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue import catalog
from emulator.services.lakeformation.store import STORE, assignments, check_columns, invalid, table_of, tags

Tags = dict[str, str]


@operation
def create_lf_tag(request: Json) -> Json:
    key, values = request["TagKey"].lower(), _values(request["TagValues"])
    if key in tags:
        raise invalid(f"Tag key already exists: {key}")
    if not values:
        raise invalid("An LF-Tag needs at least one value.")
    tags[key] = {"CatalogId": plugin.account(), "TagKey": key, "TagValues": values}
    return STORE.save({})


@operation
def get_lf_tag(request: Json) -> Json:
    return dict(STORE.find(tags, request["TagKey"].lower(), kind="LF-Tag"))


@operation
def list_lf_tags(_: Json) -> Json:
    return {"LFTags": sorted(tags.values(), key=lambda tag: str(tag["TagKey"]))}


@operation
def update_lf_tag(request: Json) -> Json:
    tag = STORE.find(tags, request["TagKey"].lower(), kind="LF-Tag")
    deleted = set(_values(request.get("TagValuesToDelete", [])))
    unknown = deleted - set(tag["TagValues"])
    if unknown:
        raise AwsError("EntityNotFoundException", f"LF-Tag {tag['TagKey']} has no value {', '.join(sorted(unknown))}.")
    remaining = [value for value in tag["TagValues"] if value not in deleted]
    tag["TagValues"] = _values([*remaining, *request.get("TagValuesToAdd", [])])
    return STORE.save({})


@operation
def delete_lf_tag(request: Json) -> Json:
    key = request["TagKey"].lower()
    STORE.find(tags, key, kind="LF-Tag")
    del tags[key]
    for entry in assignments.values():
        for assigned in [entry["Tags"], *entry["Columns"].values()]:
            assigned.pop(key, None)
    return STORE.save({})


def check_pair(pair: Json) -> None:
    """Raise EntityNotFoundException unless the tag of a pair exists and has all its values."""
    tag = STORE.find(tags, pair["TagKey"].lower(), kind="LF-Tag")
    missing = sorted(set(_values(pair["TagValues"])) - set(tag["TagValues"]))
    if missing:
        raise AwsError("EntityNotFoundException", f"LF-Tag {tag['TagKey']} has no value {', '.join(missing)}.")


@operation
def add_lf_tags_to_resource(request: Json) -> Json:
    targets = _assigned(request["Resource"])
    failures = []
    for pair in request["LFTags"]:
        try:
            check_pair(pair)
        except AwsError as error:
            failures.append({"LFTag": pair, "Error": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
            continue
        if len(pair["TagValues"]) != 1:
            raise invalid(f"A resource has one value of the LF-Tag {pair['TagKey']}, not {len(pair['TagValues'])}.")
        for assigned in targets:
            assigned[pair["TagKey"].lower()] = pair["TagValues"][0].lower()
    return STORE.save({"Failures": failures})


@operation
def remove_lf_tags_from_resource(request: Json) -> Json:
    targets = _assigned(request["Resource"])
    failures = []
    for pair in request["LFTags"]:
        for assigned in targets:
            if assigned.pop(pair["TagKey"].lower(), None) is None:
                detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "The resource has no such LF-Tag."}
                failures.append({"LFTag": pair, "Error": detail})
    return STORE.save({"Failures": failures})


@operation
def get_resource_lf_tags(request: Json) -> Json:
    resource, assigned_only = request["Resource"], request.get("ShowAssignedLFTags", False)
    if "Database" in resource:
        return {"LFTagOnDatabase": _pairs(_database(resource["Database"]["Name"])["Tags"])}
    names = resource.get("Table") or resource["TableWithColumns"]
    on_database = _database(names["DatabaseName"])["Tags"]
    entry = _table(names)
    on_table = entry["Tags"] if assigned_only else on_database | entry["Tags"]
    if assigned_only:
        on_columns = entry["Columns"]
    else:
        columns = [column["Name"] for column in _glue_columns(names)]
        on_columns = {name: on_table | entry["Columns"].get(name, {}) for name in columns}
    return {
        "LFTagOnDatabase": _pairs(on_database),
        "LFTagsOnTable": _pairs(on_table),
        "LFTagsOnColumns": [{"Name": name, "LFTags": _pairs(tags)} for name, tags in on_columns.items() if tags],
    }


def _glue_columns(names: Json) -> list[Any]:
    table = table_of(names["DatabaseName"], names["Name"])
    return [*table["StorageDescriptor"].get("Columns", []), *table["PartitionKeys"]]


def _assigned(resource: Json) -> list[Tags]:
    """Return the tags of a database, of a table, or of each of some columns, to be changed in place."""
    if "Database" in resource:
        return [_database(resource["Database"]["Name"])["Tags"]]
    if "Table" in resource:
        return [_table(resource["Table"])["Tags"]]
    table = resource["TableWithColumns"]
    column_names = [name.lower() for name in table["ColumnNames"]]
    check_columns(table_of(table["DatabaseName"], table["Name"]), column_names)
    columns = _table(table)["Columns"]
    return [columns.setdefault(name, {}) for name in column_names]


def _database(name: str) -> Json:
    database = catalog.get_database({"Name": name})["Database"]
    return _entry(f"database/{database['Name']}", created=database["CreateTime"])


def _table(names: Json) -> Json:
    table = table_of(names["DatabaseName"], names["Name"])
    return _entry(f"table/{table['DatabaseName']}/{table['Name']}", created=table["CreateTime"])


def _entry(key: str, *, created: float) -> Json:
    """Return the tags of a resource; a resource that was dropped and created again has none."""
    entry: Json | None = assignments.get(key)
    if entry is None or entry["Made"] != created:
        entry = assignments[key] = {"Made": created, "Tags": {}, "Columns": {}}
    return entry


def _pairs(assigned: Tags) -> list[Json]:
    account = plugin.account()
    return [{"CatalogId": account, "TagKey": key, "TagValues": [value]} for key, value in sorted(assigned.items())]


def _values(values: list[str]) -> list[str]:
    """Return values in lower case, as Lake Formation stores them, without duplicates."""
    return list(dict.fromkeys(value.lower() for value in values))
