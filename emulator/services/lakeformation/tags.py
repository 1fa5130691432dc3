"""LF-Tags, and the databases, tables and columns that have them.

A table inherits its database's tags and a column its table's, unless it has a value of its own for the key (Lake
Formation developer guide, "Lake Formation tag-based access control"). A table that is dropped takes its tags with it.
"""

from typing import Any

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue import catalog
from emulator.services.glue.store import found
from emulator.services.lakeformation.store import assignments, check_columns, invalid, saved, table_of, tags

Tags = dict[str, str]


def create_lf_tag(request: Json) -> Json:
    key, values = request["TagKey"].lower(), _values(request["TagValues"])
    if key in tags:
        raise invalid(f"Tag key already exists: {key}")
    if not values:
        raise invalid("An LF-Tag needs at least one value.")
    tags[key] = {"CatalogId": plugin.account(), "TagKey": key, "TagValues": values}
    return saved({})


def get_lf_tag(request: Json) -> Json:
    return dict(found(tags, request["TagKey"].lower(), kind="LF-Tag"))


def list_lf_tags(_: Json) -> Json:
    return {"LFTags": sorted(tags.values(), key=lambda tag: str(tag["TagKey"]))}


def update_lf_tag(request: Json) -> Json:
    tag = found(tags, request["TagKey"].lower(), kind="LF-Tag")
    gone = set(_values(request.get("TagValuesToDelete", [])))
    unknown = gone - set(tag["TagValues"])
    if unknown:
        raise AwsError("EntityNotFoundException", f"LF-Tag {tag['TagKey']} has no value {', '.join(sorted(unknown))}.")
    kept = [value for value in tag["TagValues"] if value not in gone]
    tag["TagValues"] = _values([*kept, *request.get("TagValuesToAdd", [])])
    return saved({})


def delete_lf_tag(request: Json) -> Json:
    key = request["TagKey"].lower()
    found(tags, key, kind="LF-Tag")
    del tags[key]
    for entry in assignments.values():
        for held in [entry["Tags"], *entry["Columns"].values()]:
            held.pop(key, None)
    return saved({})


def check_pair(pair: Json) -> None:
    """Raise EntityNotFoundException unless a tag has all values of a pair."""
    tag = found(tags, pair["TagKey"].lower(), kind="LF-Tag")
    missing = sorted(set(_values(pair["TagValues"])) - set(tag["TagValues"]))
    if missing:
        raise AwsError("EntityNotFoundException", f"LF-Tag {tag['TagKey']} has no value {', '.join(missing)}.")


def add_lf_tags_to_resource(request: Json) -> Json:
    held = _held(request["Resource"])
    failures = []
    for pair in request["LFTags"]:
        try:
            check_pair(pair)
        except AwsError as error:
            failures.append({"LFTag": pair, "Error": {"ErrorCode": error.code, "ErrorMessage": str(error)}})
            continue
        if len(pair["TagValues"]) != 1:
            raise invalid(f"A resource has one value of the LF-Tag {pair['TagKey']}, not {len(pair['TagValues'])}.")
        for tagged in held:
            tagged[pair["TagKey"].lower()] = pair["TagValues"][0].lower()
    return saved({"Failures": failures})


def remove_lf_tags_from_resource(request: Json) -> Json:
    held = _held(request["Resource"])
    failures = []
    for pair in request["LFTags"]:
        for tagged in held:
            if tagged.pop(pair["TagKey"].lower(), None) is None:
                detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "The resource has no such LF-Tag."}
                failures.append({"LFTag": pair, "Error": detail})
    return saved({"Failures": failures})


def get_resource_lf_tags(request: Json) -> Json:
    resource, assigned_only = request["Resource"], request.get("ShowAssignedLFTags", False)
    if "Database" in resource:
        return {"LFTagOnDatabase": _pairs(_database(resource["Database"]["Name"])["Tags"])}
    described = resource.get("Table") or resource["TableWithColumns"]
    on_database = _database(described["DatabaseName"])["Tags"]
    entry = _table(described)
    on_table = entry["Tags"] if assigned_only else on_database | entry["Tags"]
    if assigned_only:
        on_columns = entry["Columns"]
    else:
        columns = [column["Name"] for column in _glue_columns(described)]
        on_columns = {name: on_table | entry["Columns"].get(name, {}) for name in columns}
    return {
        "LFTagOnDatabase": _pairs(on_database),
        "LFTagsOnTable": _pairs(on_table),
        "LFTagsOnColumns": [{"Name": name, "LFTags": _pairs(held)} for name, held in on_columns.items() if held],
    }


def _glue_columns(described: Json) -> list[Any]:
    table = table_of(described["DatabaseName"], described["Name"])
    return [*table["StorageDescriptor"].get("Columns", []), *table["PartitionKeys"]]


def _held(resource: Json) -> list[Tags]:
    """The tags that a request is about, to be changed in place: of a database, a table, or each of some columns."""
    if "Database" in resource:
        return [_database(resource["Database"]["Name"])["Tags"]]
    if "Table" in resource:
        return [_table(resource["Table"])["Tags"]]
    described = resource["TableWithColumns"]
    names = [name.lower() for name in described["ColumnNames"]]
    check_columns(table_of(described["DatabaseName"], described["Name"]), names)
    columns = _table(described)["Columns"]
    return [columns.setdefault(name, {}) for name in names]


def _database(name: str) -> Json:
    database = catalog.get_database({"Name": name})["Database"]
    return _entry(f"database/{database['Name']}", made=database["CreateTime"])


def _table(described: Json) -> Json:
    table = table_of(described["DatabaseName"], described["Name"])
    return _entry(f"table/{table['DatabaseName']}/{table['Name']}", made=table["CreateTime"])


def _entry(key: str, *, made: float) -> Json:
    """Tags of a resource; one that was dropped and made again begins without."""
    entry: Json | None = assignments.get(key)
    if entry is None or entry["Made"] != made:
        entry = assignments[key] = {"Made": made, "Tags": {}, "Columns": {}}
    return entry


def _pairs(held: Tags) -> list[Json]:
    return [{"CatalogId": plugin.account(), "TagKey": key, "TagValues": [value]} for key, value in sorted(held.items())]


def _values(given: list[str]) -> list[str]:
    """Lake Formation keeps keys and values in lower case."""
    return list(dict.fromkeys(value.lower() for value in given))
