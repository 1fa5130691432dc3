"""DMS Serverless: start, stop and watch the replication of a config.

Source: AWS DMS API reference, `StartReplication`, `DescribeReplications`.
"""

from emulator.runtime.plugin import Json, operation
from emulator.services.dms import runs
from emulator.services.dms.configs import config_of, describe_replication_configs, run_name

STATUSES = {"starting": "replication_starting"}
"""States that DMS Serverless names differently than tasks do."""


@operation
def start_replication(request: Json) -> Json:
    config = config_of(request)
    runs.refuse_positions(request)
    runs.start(
        run_name(config),
        request["StartReplicationType"],
        identifier=config["ReplicationConfigIdentifier"],
        entry=config,
        migration_type=config["ReplicationType"],
    )
    return {"Replication": _replication(config)}


@operation
def stop_replication(request: Json) -> Json:
    config = config_of(request)
    runs.stop(run_name(config), identifier=config["ReplicationConfigIdentifier"])
    return {"Replication": _replication(config)}


@operation
def describe_replications(request: Json) -> Json:
    configs = describe_replication_configs(request)["ReplicationConfigs"]
    return {"Replications": [_replication(config) for config in configs]}


@operation
def describe_replication_table_statistics(request: Json) -> Json:
    config = config_of(request)
    statistics = runs.table_statistics(run_name(config), request)
    return {"ReplicationConfigArn": config["ReplicationConfigArn"], "ReplicationTableStatistics": statistics}


def _replication(config: Json) -> Json:
    """Return the replication of a config as the API shows it."""
    replication = {
        "ReplicationConfigIdentifier": config["ReplicationConfigIdentifier"],
        "ReplicationConfigArn": config["ReplicationConfigArn"],
        "SourceEndpointArn": config["SourceEndpointArn"],
        "TargetEndpointArn": config["TargetEndpointArn"],
        "ReplicationType": config["ReplicationType"],
        "ReplicationCreateTime": config["ReplicationConfigCreateTime"],
        "Status": "created",
    }
    name = run_name(config)
    run = runs.last_run(name)
    if run is None:
        return replication
    progress = runs.progress(name)
    replication |= {
        "Status": STATUSES.get(progress.status, progress.status),
        "StartReplicationType": run["start_type"],
        "ReplicationStats": runs.statistics(name),
    }
    if messages := runs.messages(name):
        replication["FailureMessages"] = messages
    if progress.status == "stopped" and progress.state.stop_reason:
        replication["StopReason"] = progress.state.stop_reason
    if run["stopped"]:
        replication["ReplicationLastStopTime"] = run["stopped"]
    return replication
