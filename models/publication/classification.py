"""Give a published table the LF-Tags of its model: the domain, and a classification for each column.

A new table and a new column are hidden until they are classified, because the database is `restricted`. A column that
becomes more confidential is classified before the new rows are published, one that becomes less confidential after.
"""

import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from .results import Node

LEVELS = ("public", "internal", "confidential", "restricted")
"""From open to closed."""

DOMAIN, CLASSIFICATION = "domain", "classification"

ATTEMPTS = 6
"""Tries of one change; the waits between them add up to six seconds."""


class ClassificationError(Exception):
    """Lake Formation did not accept a tag."""


def classify(client: Any, node: Node, *, entry: Mapping[str, Any], only_stricter: bool = False) -> None:
    """Assign the tags of a model to the columns that a table has now; what is right already is left alone.

    Args:
        client: client of Lake Formation.
        node: the model in dbt's manifest.
        entry: the table in Glue.
        only_stricter: change only what makes a column more confidential.

    Raises:
        ClassificationError: Lake Formation did not accept a tag.
    """
    place = {"DatabaseName": entry["DatabaseName"], "Name": entry["Name"]}
    assigned = client.get_resource_lf_tags(Resource={"Table": place}, ShowAssignedLFTags=True)
    of_table = _values(assigned.get("LFTagsOnTable", []))
    of_columns = {column["Name"]: _values(column["LFTags"]) for column in assigned.get("LFTagsOnColumns", [])}
    domain = node["config"]["meta"].get(DOMAIN)
    if domain and of_table.get(DOMAIN) != domain and not only_stricter:
        _tag(client, {"Table": place}, DOMAIN, domain)
    expected = classifications(node)
    changed: dict[str, list[str]] = {}
    for column in current_columns(entry):
        now = of_columns.get(column, {}).get(CLASSIFICATION, LEVELS[-1])
        level = expected.get(column, LEVELS[-1])
        if level != now and (not only_stricter or LEVELS.index(level) > LEVELS.index(now)):
            changed.setdefault(level, []).append(column)
    for level, columns in changed.items():
        _tag(client, {"TableWithColumns": {**place, "ColumnNames": columns}}, CLASSIFICATION, level)


def classifications(node: Node) -> dict[str, str]:
    """Return the classification of each column that a model describes."""
    own = node["config"]["meta"].get(CLASSIFICATION, LEVELS[-1])
    return {
        column["name"].lower(): column.get("config", {}).get("meta", {}).get(CLASSIFICATION, own)
        for column in node["columns"].values()
    }


def current_columns(entry: Mapping[str, Any]) -> list[str]:
    """Return the columns of a table; Glue also lists those of its earlier schemas."""
    return [
        column["Name"]
        for column in entry["StorageDescriptor"]["Columns"]
        if column.get("Parameters", {}).get("iceberg.field.current", "true") == "true"
    ]


def _values(tags: list[dict[str, Any]]) -> dict[str, str]:
    return {tag["TagKey"]: tag["TagValues"][0] for tag in tags}


def _tag(client: Any, resource: Mapping[str, Any], key: str, value: str) -> None:
    """Assign one tag; Lake Formation refuses changes that it gets at the same time, so these are tried again."""
    for attempt in count(1):
        try:
            answer = client.add_lf_tags_to_resource(Resource=resource, LFTags=[{"TagKey": key, "TagValues": [value]}])
        except client.exceptions.ConcurrentModificationException:
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.1 * 2**attempt)
            continue
        for failure in answer["Failures"]:
            error = failure["Error"]
            raise ClassificationError(
                f"{resource}: LF-Tag {key}={value} was refused: {error['ErrorMessage']} Deploy the stacks first "
                "(`cdk deploy --all`): they own the tags"
            )
        return
