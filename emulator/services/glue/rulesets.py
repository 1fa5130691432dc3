"""Data Quality rulesets, which are recorded as in Glue and never evaluated.

Source: AWS Glue web API reference, "CreateDataQualityRuleset" and related operations.
"""

import time

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.glue.store import change, find, page, rulesets

KIND = "Data quality ruleset"
MAX_CHARACTERS = 65_536


@operation
def create_data_quality_ruleset(request: Json) -> Json:
    ruleset = dict(request)
    tags, name = ruleset.pop("Tags", None) or {}, ruleset["Name"]
    ruleset.pop("ClientToken", None)
    _check(ruleset["Ruleset"])
    with change():
        if name in rulesets:
            raise AwsError("AlreadyExistsException", f"Data quality ruleset {name} already exists.")
        now = time.time()
        rulesets[name] = ruleset | {"CreatedOn": now, "LastModifiedOn": now}
        if tags:
            glue._tags[_arn(name)] = tags
    return {"Name": name}


@operation
def update_data_quality_ruleset(request: Json) -> Json:
    changes: Json = {name: request[name] for name in ("Description", "Ruleset") if name in request}
    _check(changes.get("Ruleset", "Rules"))
    with change():
        entry = find(rulesets, request["Name"], kind=KIND)
        rulesets[request["Name"]] = entry | changes | {"LastModifiedOn": time.time()}
    return {"Name": request["Name"], **changes}


@operation
def get_data_quality_ruleset(request: Json) -> Json:
    return find(rulesets, request["Name"], kind=KIND)


@operation
def list_data_quality_rulesets(request: Json) -> Json:
    conditions = request.get("Filter", {})
    if unknown := sorted(conditions.keys() - {"TargetTable", "Name"}):
        raise AwsError("InvalidInputException", f"The emulator does not filter rulesets by {', '.join(unknown)}.")
    entries = [
        {name: value for name, value in entry.items() if name != "Ruleset"}
        for entry in rulesets.values()
        if all(entry.get(name) == value for name, value in conditions.items())
    ]
    return page(entries, request, member="Rulesets")


@operation
def delete_data_quality_ruleset(request: Json) -> Json:
    with change():
        find(rulesets, request["Name"], kind=KIND)
        del rulesets[request["Name"]]
        glue._tags.pop(_arn(request["Name"]), None)
    return {}


def _arn(name: str) -> str:
    return plugin.arn("glue", f"dataQualityRuleset/{name}")


def _check(text: str) -> None:
    """Check length and beginning of a ruleset; Glue parses it completely."""
    if len(text) > MAX_CHARACTERS or not text.lstrip().startswith("Rules"):
        raise AwsError(
            "InvalidInputException", f"A ruleset begins with Rules and has at most {MAX_CHARACTERS} characters."
        )
