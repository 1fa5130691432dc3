"""The recorded resources of DMS."""

import secrets
import string
from collections.abc import Mapping
from typing import Any

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.runtime.store import Store

ID_CHARACTERS = string.ascii_uppercase + string.digits

STORE = Store(name="dms", not_found="ResourceNotFoundFault")
endpoints = STORE.collection("endpoints")
subnet_groups = STORE.collection("subnet_groups")
configs = STORE.collection("configs")
instances = STORE.collection("instances")
tasks = STORE.collection("tasks")
certificates = STORE.collection("certificates")
tags = STORE.collection("tags")


def new_arn(kind: str) -> str:
    """Return a new ARN with a random identifier."""
    return plugin.arn("dms", f"{kind}:{''.join(secrets.choice(ID_CHARACTERS) for _ in range(26))}")


def settings_of(request: Json) -> Json:
    """Return the members of a create request that describe the resource itself."""
    return {name: value for name, value in request.items() if name not in ("Tags", "ResourceIdentifier")}


def add_tags(arn: str, request: Json) -> None:
    """Add the request's Tags to those of a resource."""
    new = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags") or []}
    if new:
        tags[arn] = tags.get(arn, {}) | new


def refuse_duplicate(collection: Any, member: str, identifier: str) -> None:
    """Raise ResourceAlreadyExistsFault if an entry has this identifier."""
    if any(entry[member] == identifier for entry in collection.values()):
        raise AwsError("ResourceAlreadyExistsFault", f"{member} {identifier} is in use already.")


def matching(collection: Any, request: Json, *, members: Mapping[str, str], kind: str) -> list[Json]:
    """Return the entries that match the request's Filters.

    Args:
        collection: the entries.
        request: has Filters, or not.
        members: for each supported filter, the member that it compares.
        kind: what the entries are, for messages.

    Raises:
        AwsError: a filter is not supported; or no entry matches, for which DMS answers ResourceNotFoundFault.
    """
    entries: list[Json] = list(collection.values())
    for condition in request.get("Filters") or []:
        if condition["Name"] not in members:
            raise AwsError(
                "InvalidParameterValueException", f"Filter {condition['Name']} is not one of {list(members)}."
            )
        values = {value.lower() for value in condition["Values"]}
        entries = [entry for entry in entries if str(entry[members[condition["Name"]]]).lower() in values]
    if request.get("Filters") and not entries:
        raise AwsError("ResourceNotFoundFault", f"No {kind} matches {request['Filters']}.")
    return entries
