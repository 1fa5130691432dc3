"""DMS endpoints: recorded whole, shown without their secrets."""

from emulator.runtime.plugin import AwsError, Json
from emulator.services.dms.store import (
    configs,
    described,
    endpoints,
    found,
    keep_tags,
    new_arn,
    refuse_duplicate,
    saved,
    tasks,
)

SECRETS = frozenset({"Password", "SslClientKeyPassword"})


def endpoint(arn: str) -> Json:
    """An endpoint with all that `CreateEndpoint` was given, secrets included.

    Raises:
        AwsError: ResourceNotFoundFault.
    """
    return found(endpoints, arn, kind="Endpoint")


def create_endpoint(request: Json) -> Json:
    identifier = request["EndpointIdentifier"].lower()
    refuse_duplicate(endpoints, "EndpointIdentifier", identifier)
    arn = new_arn("endpoint")
    given = {name: value for name, value in request.items() if name not in ("Tags", "ResourceIdentifier")}
    defaults = {"SslMode": "none", "Status": "active", "EndpointArn": arn}
    changed = {"EndpointIdentifier": identifier, "EndpointType": request["EndpointType"].upper()}
    endpoints[arn] = defaults | given | changed
    keep_tags(arn, request)
    return saved({"Endpoint": _without_secrets(endpoints[arn])})


def describe_endpoints(request: Json) -> Json:
    names = {
        "endpoint-arn": "EndpointArn",
        "endpoint-id": "EndpointIdentifier",
        "endpoint-type": "EndpointType",
        "engine-name": "EngineName",
    }
    matching = described(endpoints, request, names=names, kind="Endpoint")
    return {"Endpoints": [_without_secrets(entry) for entry in matching]}


def modify_endpoint(request: Json) -> Json:
    entry = endpoint(request["EndpointArn"])
    exact = request.get("ExactSettings", False)
    for name, value in request.items():
        if name.endswith("Settings") and name != "ExactSettings" and not exact:
            entry[name] = entry.get(name, {}) | value
        elif name != "ExactSettings":
            entry[name] = value.upper() if name == "EndpointType" else value
    return saved({"Endpoint": _without_secrets(entry)})


def delete_endpoint(request: Json) -> Json:
    entry = endpoint(request["EndpointArn"])
    users = [
        user.get("ReplicationConfigIdentifier") or user["ReplicationTaskIdentifier"]
        for user in [*configs.values(), *tasks.values()]
        if entry["EndpointArn"] in (user["SourceEndpointArn"], user["TargetEndpointArn"])
    ]
    if users:
        raise AwsError(
            "InvalidResourceStateFault", f"Endpoint {entry['EndpointIdentifier']} is used by {', '.join(users)}."
        )
    del endpoints[entry["EndpointArn"]]
    return saved({"Endpoint": _without_secrets(entry) | {"Status": "deleting"}})


def _without_secrets(entry: Json) -> Json:
    """An endpoint as the API shows it."""
    shown = {name: value for name, value in entry.items() if name not in SECRETS}
    return {
        name: _without_secrets(value) if name.endswith("Settings") and isinstance(value, dict) else value
        for name, value in shown.items()
    }
