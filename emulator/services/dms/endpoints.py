"""DMS endpoints: recorded completely, shown without their secrets."""

from emulator.runtime.plugin import AwsError, Json, operation
from emulator.services.dms.store import (
    STORE,
    add_tags,
    configs,
    endpoints,
    matching,
    new_arn,
    refuse_duplicate,
    settings_of,
    tasks,
)

SECRETS = frozenset({"Password", "SslClientKeyPassword"})


def endpoint(arn: str) -> Json:
    """Return an endpoint with all settings, including its secrets.

    Raises:
        AwsError: ResourceNotFoundFault.
    """
    return STORE.find(endpoints, arn, kind="Endpoint")


@operation
def create_endpoint(request: Json) -> Json:
    identifier = request["EndpointIdentifier"].lower()
    refuse_duplicate(endpoints, "EndpointIdentifier", identifier)
    arn = new_arn("endpoint")
    defaults = {"SslMode": "none", "Status": "active", "EndpointArn": arn}
    normalized = {"EndpointIdentifier": identifier, "EndpointType": request["EndpointType"].upper()}
    endpoints[arn] = defaults | settings_of(request) | normalized
    add_tags(arn, request)
    return STORE.save({"Endpoint": _without_secrets(endpoints[arn])})


@operation
def describe_endpoints(request: Json) -> Json:
    members = {
        "endpoint-arn": "EndpointArn",
        "endpoint-id": "EndpointIdentifier",
        "endpoint-type": "EndpointType",
        "engine-name": "EngineName",
    }
    entries = matching(endpoints, request, members=members, kind="Endpoint")
    return {"Endpoints": [_without_secrets(entry) for entry in entries]}


@operation
def modify_endpoint(request: Json) -> Json:
    entry = endpoint(request["EndpointArn"])
    exact = request.get("ExactSettings", False)
    for name, value in request.items():
        if name.endswith("Settings") and name != "ExactSettings" and not exact:
            entry[name] = entry.get(name, {}) | value
        elif name != "ExactSettings":
            entry[name] = value.upper() if name == "EndpointType" else value
    return STORE.save({"Endpoint": _without_secrets(entry)})


@operation
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
    return STORE.save({"Endpoint": _without_secrets(entry) | {"Status": "deleting"}})


def _without_secrets(entry: Json) -> Json:
    """Return an endpoint as the API shows it."""
    shown = {name: value for name, value in entry.items() if name not in SECRETS}
    return {
        name: _without_secrets(value) if name.endswith("Settings") and isinstance(value, dict) else value
        for name, value in shown.items()
    }
