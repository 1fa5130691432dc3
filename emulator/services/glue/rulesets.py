"""Data Quality rulesets: recorded as Glue records them, and evaluated by nobody here.

Source: AWS Glue web API reference, "CreateDataQualityRuleset" and its siblings.
"""

import time

from ministack.services import glue  # type: ignore[import-untyped]

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.glue.store import change, found, page, rulesets

KIND = "Data quality ruleset"
LONGEST = 65_536


def create_data_quality_ruleset(request: Json) -> Json:
    given = dict(request)
    tags, name = given.pop("Tags", None) or {}, given["Name"]
    given.pop("ClientToken", None)
    _check(given["Ruleset"])
    with change():
        if name in rulesets:
            raise AwsError("AlreadyExistsException", f"Data quality ruleset {name} already exists.")
        now = time.time()
        rulesets[name] = given | {"CreatedOn": now, "LastModifiedOn": now}
        if tags:
            glue._tags[_arn(name)] = tags
    return {"Name": name}


def update_data_quality_ruleset(request: Json) -> Json:
    given = {name: request[name] for name in ("Description", "Ruleset") if name in request}
    _check(given.get("Ruleset", "Rules"))
    with change():
        entry = found(rulesets, request["Name"], kind=KIND)
        rulesets[request["Name"]] = entry | given | {"LastModifiedOn": time.time()}
    return {"Name": request["Name"], **given}


def get_data_quality_ruleset(request: Json) -> Json:
    return found(rulesets, request["Name"], kind=KIND)


def list_data_quality_rulesets(request: Json) -> Json:
    wanted = request.get("Filter", {})
    if unknown := sorted(wanted.keys() - {"TargetTable", "Name"}):
        raise AwsError("InvalidInputException", f"The embedded AWS does not filter rulesets by {', '.join(unknown)}.")
    entries = [
        {name: value for name, value in entry.items() if name != "Ruleset"}
        for entry in rulesets.values()
        if all(entry.get(name) == value for name, value in wanted.items())
    ]
    return page(entries, request, member="Rulesets")


def delete_data_quality_ruleset(request: Json) -> Json:
    with change():
        found(rulesets, request["Name"], kind=KIND)
        del rulesets[request["Name"]]
        glue._tags.pop(_arn(request["Name"]), None)
    return {}


def _arn(name: str) -> str:
    return f"arn:aws:glue:{plugin.region()}:{plugin.account()}:dataQualityRuleset/{name}"


def _check(text: str) -> None:
    """Glue parses a ruleset when it takes it; here its length and its beginning have to do."""
    if len(text) > LONGEST or not text.lstrip().startswith("Rules"):
        raise AwsError("InvalidInputException", f"A ruleset begins with Rules and has at most {LONGEST} characters.")
