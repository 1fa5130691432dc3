"""What the DMS API has recorded, and how it is found."""

import secrets
import string
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict  # type: ignore[import-untyped]

from emulator.runtime import checkpoint, plugin
from emulator.runtime.plugin import AwsError, Json

ID_CHARACTERS = string.ascii_uppercase + string.digits

endpoints = AccountRegionScopedDict()
subnet_groups = AccountRegionScopedDict()
configs = AccountRegionScopedDict()
instances = AccountRegionScopedDict()
tasks = AccountRegionScopedDict()
certificates = AccountRegionScopedDict()
tags = AccountRegionScopedDict()

STORES = {
    "endpoints": endpoints,
    "subnet_groups": subnet_groups,
    "configs": configs,
    "instances": instances,
    "tasks": tasks,
    "certificates": certificates,
    "tags": tags,
}


def saved(response: Json) -> Json:
    """A response to a change, once that change is on disk."""
    checkpoint.flush("dms")
    return response


def new_arn(kind: str) -> str:
    identifier = "".join(secrets.choice(ID_CHARACTERS) for _ in range(26))
    return f"arn:aws:dms:{plugin.region()}:{plugin.account()}:{kind}:{identifier}"


def keep_tags(arn: str, request: Json) -> None:
    """Add the request's Tags to those of a resource."""
    given = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags") or []}
    if given:
        tags[arn] = tags.get(arn, {}) | given


def found(store: Any, key: str, *, kind: str) -> Json:
    """An entry of a store.

    Raises:
        AwsError: ResourceNotFoundFault.
    """
    entry: Json | None = store.get(key)
    if entry is None:
        raise AwsError("ResourceNotFoundFault", f"{kind} {key} not found.")
    return entry


def refuse_duplicate(store: Any, member: str, identifier: str) -> None:
    """Raise ResourceAlreadyExistsFault if an entry has this identifier."""
    if any(entry[member] == identifier for entry in store.values()):
        raise AwsError("ResourceAlreadyExistsFault", f"{member} {identifier} is in use already.")


def described(store: Any, request: Json, *, names: Mapping[str, str], kind: str) -> list[Json]:
    """Entries that pass the request's Filters; DMS answers an empty match with ResourceNotFoundFault.

    Args:
        store: where to look.
        request: has Filters, or not.
        names: filter name to the member that it compares.
        kind: what is looked for, for messages.
    """
    entries: list[Json] = list(store.values())
    for condition in request.get("Filters") or []:
        if condition["Name"] not in names:
            raise AwsError("InvalidParameterValueException", f"Filter {condition['Name']} is not one of {list(names)}.")
        wanted = {value.lower() for value in condition["Values"]}
        entries = [entry for entry in entries if str(entry[names[condition["Name"]]]).lower() in wanted]
    if request.get("Filters") and not entries:
        raise AwsError("ResourceNotFoundFault", f"No {kind} matches {request['Filters']}.")
    return entries
