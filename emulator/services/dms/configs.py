"""DMS serverless replication configs; what they start is another module's matter."""

import time
from collections.abc import Callable

from emulator.runtime.plugin import Json
from emulator.services.dms.endpoints import endpoint
from emulator.services.dms.store import configs, described, found, keep_tags, new_arn, refuse_duplicate, saved

before_change: list[Callable[[Json], None]] = []
"""Called with a replication config before it is modified or deleted; raises AwsError to refuse."""


def replication_config(arn: str) -> Json:
    """A replication config, as `DescribeReplicationConfigs` gives it.

    Raises:
        AwsError: ResourceNotFoundFault.
    """
    return found(configs, arn, kind="ReplicationConfig")


def create_replication_config(request: Json) -> Json:
    identifier = request["ReplicationConfigIdentifier"].lower()
    refuse_duplicate(configs, "ReplicationConfigIdentifier", identifier)
    for side in ("SourceEndpointArn", "TargetEndpointArn"):
        endpoint(request[side])
    arn = new_arn("replication-config")
    given = {name: value for name, value in request.items() if name not in ("Tags", "ResourceIdentifier")}
    now = time.time()
    configs[arn] = given | {
        "ReplicationConfigIdentifier": identifier,
        "ReplicationConfigArn": arn,
        "ReplicationConfigCreateTime": now,
        "ReplicationConfigUpdateTime": now,
    }
    keep_tags(arn, request)
    return saved({"ReplicationConfig": configs[arn]})


def describe_replication_configs(request: Json) -> Json:
    names = {"replication-config-arn": "ReplicationConfigArn", "replication-config-id": "ReplicationConfigIdentifier"}
    return {"ReplicationConfigs": described(configs, request, names=names, kind="ReplicationConfig")}


def modify_replication_config(request: Json) -> Json:
    entry = replication_config(request["ReplicationConfigArn"])
    _ask(entry)
    entry |= request | {"ReplicationConfigUpdateTime": time.time()}
    return saved({"ReplicationConfig": entry})


def delete_replication_config(request: Json) -> Json:
    entry = replication_config(request["ReplicationConfigArn"])
    _ask(entry)
    del configs[entry["ReplicationConfigArn"]]
    return saved({"ReplicationConfig": entry})


def _ask(config: Json) -> None:
    for ask in before_change:
        ask(config)
