"""DMS Serverless: start, stop and watch the replication of a config.

Source: AWS DMS API reference, `StartReplication`, `DescribeReplications`.
"""

from emulator.runtime import plugin
from emulator.runtime.plugin import Json
from emulator.services.dms import configs as dms_configs
from emulator.services.dms import runs
from emulator.services.dms.configs import replication_config

STATUSES = {"starting": "replication_starting"}
"""Where DMS Serverless calls a state otherwise than a task does."""


def register() -> None:
    """Answer the operations of replications; a config is changed only while its replication is stopped."""
    plugin.operations(
        "dms",
        {
            "StartReplication": start_replication,
            "StopReplication": stop_replication,
            "DescribeReplications": describe_replications,
            "DescribeReplicationTableStatistics": describe_replication_table_statistics,
            "DeleteReplicationConfig": delete_replication_config,
        },
    )
    dms_configs.before_change.append(_refuse_if_running)


def start_replication(request: Json) -> Json:
    config = replication_config(request["ReplicationConfigArn"])
    runs.refuse_positions(request)
    runs.start(
        _name(config),
        request["StartReplicationType"],
        identifier=config["ReplicationConfigIdentifier"],
        entry=config,
        migration_type=config["ReplicationType"],
    )
    return {"Replication": _described(config)}


def stop_replication(request: Json) -> Json:
    config = replication_config(request["ReplicationConfigArn"])
    runs.stop(_name(config), identifier=config["ReplicationConfigIdentifier"])
    return {"Replication": _described(config)}


def describe_replications(request: Json) -> Json:
    configs = dms_configs.describe_replication_configs(request)["ReplicationConfigs"]
    return {"Replications": [_described(config) for config in configs]}


def describe_replication_table_statistics(request: Json) -> Json:
    config = replication_config(request["ReplicationConfigArn"])
    statistics = runs.table_statistics(_name(config), request)
    return {"ReplicationConfigArn": config["ReplicationConfigArn"], "ReplicationTableStatistics": statistics}


def delete_replication_config(request: Json) -> Json:
    answer = dms_configs.delete_replication_config(request)
    runs.remove(_name(answer["ReplicationConfig"]))
    return answer


def _name(config: Json) -> str:
    return runs.run_name("replication", config["ReplicationConfigIdentifier"])


def _refuse_if_running(config: Json) -> None:
    runs.refuse_if_running(_name(config), identifier=config["ReplicationConfigIdentifier"])


def _described(config: Json) -> Json:
    described = {
        "ReplicationConfigIdentifier": config["ReplicationConfigIdentifier"],
        "ReplicationConfigArn": config["ReplicationConfigArn"],
        "SourceEndpointArn": config["SourceEndpointArn"],
        "TargetEndpointArn": config["TargetEndpointArn"],
        "ReplicationType": config["ReplicationType"],
        "ReplicationCreateTime": config["ReplicationConfigCreateTime"],
        "Status": "created",
    }
    name = _name(config)
    run = runs.known(name)
    if run is None:
        return described
    progress = runs.progress(name)
    described |= {
        "Status": STATUSES.get(progress.status, progress.status),
        "StartReplicationType": run["start_type"],
        "ReplicationStats": runs.statistics(name),
    }
    if progress.error:
        described["FailureMessages"] = [progress.error]
    if progress.status == "stopped" and progress.state.stop_reason:
        described["StopReason"] = progress.state.stop_reason
    if run["stopped"]:
        described["ReplicationLastStopTime"] = run["stopped"]
    return described
