"""DMS Serverless: start, stop and watch the replication of a config.

Source: AWS DMS API reference, `StartReplication`, `DescribeReplications`.
"""

from local import plugin
from local.aws import dms_configs, dms_runs
from local.aws.dms_configs import replication_config
from local.plugin import Json

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
    dms_runs.refuse_positions(request)
    dms_runs.start(
        _name(config),
        request["StartReplicationType"],
        identifier=config["ReplicationConfigIdentifier"],
        entry=config,
        migration_type=config["ReplicationType"],
    )
    return {"Replication": _described(config)}


def stop_replication(request: Json) -> Json:
    config = replication_config(request["ReplicationConfigArn"])
    dms_runs.stop(_name(config), identifier=config["ReplicationConfigIdentifier"])
    return {"Replication": _described(config)}


def describe_replications(request: Json) -> Json:
    configs = dms_configs.describe_replication_configs(request)["ReplicationConfigs"]
    return {"Replications": [_described(config) for config in configs]}


def describe_replication_table_statistics(request: Json) -> Json:
    config = replication_config(request["ReplicationConfigArn"])
    statistics = dms_runs.table_statistics(_name(config), request)
    return {"ReplicationConfigArn": config["ReplicationConfigArn"], "ReplicationTableStatistics": statistics}


def delete_replication_config(request: Json) -> Json:
    answer = dms_configs.delete_replication_config(request)
    dms_runs.remove(_name(answer["ReplicationConfig"]))
    return answer


def _name(config: Json) -> str:
    return dms_runs.run_name("replication", config["ReplicationConfigIdentifier"])


def _refuse_if_running(config: Json) -> None:
    dms_runs.refuse_if_running(_name(config), identifier=config["ReplicationConfigIdentifier"])


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
    run = dms_runs.known(name)
    if run is None:
        return described
    progress = dms_runs.progress(name)
    described |= {
        "Status": STATUSES.get(progress.status, progress.status),
        "StartReplicationType": run["start_type"],
        "ReplicationStats": dms_runs.statistics(name),
    }
    if progress.error:
        described["FailureMessages"] = [progress.error]
    if progress.status == "stopped" and progress.state.stop_reason:
        described["StopReason"] = progress.state.stop_reason
    if run["stopped"]:
        described["ReplicationLastStopTime"] = run["stopped"]
    return described
