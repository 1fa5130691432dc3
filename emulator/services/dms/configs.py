"""DMS serverless replication configs: the definitions of replications."""

import time

from emulator.runtime.plugin import Json, operation
from emulator.services.dms import runs
from emulator.services.dms.endpoints import endpoint
from emulator.services.dms.store import STORE, add_tags, configs, matching, new_arn, refuse_duplicate, settings_of


def config_of(request: Json) -> Json:
    """Return the replication config that a request names.

    Raises:
        AwsError: ResourceNotFoundFault.
    """
    return STORE.find(configs, request["ReplicationConfigArn"], kind="ReplicationConfig")


def run_name(config: Json) -> str:
    """Return the name of the runs of a config's replication."""
    return runs.run_name("replication", config["ReplicationConfigIdentifier"])


@operation
def create_replication_config(request: Json) -> Json:
    identifier = request["ReplicationConfigIdentifier"].lower()
    refuse_duplicate(configs, "ReplicationConfigIdentifier", identifier)
    for side in ("SourceEndpointArn", "TargetEndpointArn"):
        endpoint(request[side])
    arn = new_arn("replication-config")
    now = time.time()
    configs[arn] = settings_of(request) | {
        "ReplicationConfigIdentifier": identifier,
        "ReplicationConfigArn": arn,
        "ReplicationConfigCreateTime": now,
        "ReplicationConfigUpdateTime": now,
    }
    add_tags(arn, request)
    return STORE.save({"ReplicationConfig": configs[arn]})


@operation
def describe_replication_configs(request: Json) -> Json:
    members = {"replication-config-arn": "ReplicationConfigArn", "replication-config-id": "ReplicationConfigIdentifier"}
    return {"ReplicationConfigs": matching(configs, request, members=members, kind="ReplicationConfig")}


@operation
def modify_replication_config(request: Json) -> Json:
    config = config_of(request)
    runs.refuse_if_running(run_name(config), identifier=config["ReplicationConfigIdentifier"])
    config |= request | {"ReplicationConfigUpdateTime": time.time()}
    return STORE.save({"ReplicationConfig": config})


@operation
def delete_replication_config(request: Json) -> Json:
    config = config_of(request)
    runs.refuse_if_running(run_name(config), identifier=config["ReplicationConfigIdentifier"])
    del configs[config["ReplicationConfigArn"]]
    STORE.save({})
    runs.remove(run_name(config))
    return {"ReplicationConfig": config}
