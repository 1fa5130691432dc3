"""DMS replication instances, which are recorded, and the tasks that they run.

Source: AWS DMS API reference, `CreateReplicationTask`, `StartReplicationTask`.
"""

import time

from emulator.runtime import plugin
from emulator.runtime.plugin import AwsError, Json
from emulator.services.dms import runs
from emulator.services.dms.endpoints import endpoint
from emulator.services.dms.store import described, found, instances, keep_tags, new_arn, refuse_duplicate, saved, tasks


def register() -> None:
    """Answer the operations of instances and tasks."""
    plugin.operations(
        "dms",
        {
            "CreateReplicationInstance": create_replication_instance,
            "DescribeReplicationInstances": describe_replication_instances,
            "DeleteReplicationInstance": delete_replication_instance,
            "CreateReplicationTask": create_replication_task,
            "DescribeReplicationTasks": describe_replication_tasks,
            "ModifyReplicationTask": modify_replication_task,
            "DeleteReplicationTask": delete_replication_task,
            "StartReplicationTask": start_replication_task,
            "StopReplicationTask": stop_replication_task,
            "DescribeTableStatistics": describe_table_statistics,
        },
    )


def create_replication_instance(request: Json) -> Json:
    identifier = request["ReplicationInstanceIdentifier"].lower()
    refuse_duplicate(instances, "ReplicationInstanceIdentifier", identifier)
    arn = new_arn("rep")
    given = {name: value for name, value in request.items() if name not in ("Tags", "ResourceIdentifier")}
    instances[arn] = given | {
        "ReplicationInstanceIdentifier": identifier,
        "ReplicationInstanceArn": arn,
        "ReplicationInstanceStatus": "available",
        "InstanceCreateTime": time.time(),
    }
    keep_tags(arn, request)
    return saved({"ReplicationInstance": instances[arn]})


def describe_replication_instances(request: Json) -> Json:
    names = {
        "replication-instance-arn": "ReplicationInstanceArn",
        "replication-instance-id": "ReplicationInstanceIdentifier",
    }
    matching = described(instances, request, names=names, kind="ReplicationInstance")
    return {"ReplicationInstances": matching}


def delete_replication_instance(request: Json) -> Json:
    instance = found(instances, request["ReplicationInstanceArn"], kind="ReplicationInstance")
    users = [task["ReplicationTaskIdentifier"] for task in tasks.values() if _runs_on(task, instance)]
    if users:
        raise AwsError("InvalidResourceStateFault", f"The replication instance has tasks: {', '.join(users)}.")
    del instances[instance["ReplicationInstanceArn"]]
    return saved({"ReplicationInstance": instance | {"ReplicationInstanceStatus": "deleting"}})


def create_replication_task(request: Json) -> Json:
    identifier = request["ReplicationTaskIdentifier"].lower()
    refuse_duplicate(tasks, "ReplicationTaskIdentifier", identifier)
    found(instances, request["ReplicationInstanceArn"], kind="ReplicationInstance")
    for side in ("SourceEndpointArn", "TargetEndpointArn"):
        endpoint(request[side])
    arn = new_arn("task")
    given = {name: value for name, value in request.items() if name not in ("Tags", "ResourceIdentifier")}
    tasks[arn] = given | {
        "ReplicationTaskIdentifier": identifier,
        "ReplicationTaskArn": arn,
        "ReplicationTaskCreationDate": time.time(),
    }
    keep_tags(arn, request)
    return saved({"ReplicationTask": _shown(tasks[arn])})


def describe_replication_tasks(request: Json) -> Json:
    names = {
        "replication-task-arn": "ReplicationTaskArn",
        "replication-task-id": "ReplicationTaskIdentifier",
        "replication-instance-arn": "ReplicationInstanceArn",
        "migration-type": "MigrationType",
        "endpoint-arn": "SourceEndpointArn",
    }
    matching = described(tasks, request, names=names, kind="ReplicationTask")
    return {"ReplicationTasks": [_shown(task) for task in matching]}


def modify_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.refuse_if_running(_name(task), identifier=task["ReplicationTaskIdentifier"])
    task |= request
    return saved({"ReplicationTask": _shown(task)})


def delete_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.refuse_if_running(_name(task), identifier=task["ReplicationTaskIdentifier"])
    answer = {"ReplicationTask": _shown(task) | {"Status": "deleting"}}
    del tasks[task["ReplicationTaskArn"]]
    runs.remove(_name(task))
    return saved(answer)


def start_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.refuse_positions(request)
    runs.start(
        _name(task),
        request["StartReplicationTaskType"],
        # A serverless replication may have the same identifier: their slots must differ.
        identifier=f"task-{task['ReplicationTaskIdentifier']}",
        entry=task,
        migration_type=task["MigrationType"],
    )
    return {"ReplicationTask": _shown(task)}


def stop_replication_task(request: Json) -> Json:
    task = _task(request)
    runs.stop(_name(task), identifier=task["ReplicationTaskIdentifier"])
    return {"ReplicationTask": _shown(task)}


def describe_table_statistics(request: Json) -> Json:
    task = _task(request)
    statistics = runs.table_statistics(_name(task), request)
    return {"ReplicationTaskArn": task["ReplicationTaskArn"], "TableStatistics": statistics}


def _task(request: Json) -> Json:
    return found(tasks, request["ReplicationTaskArn"], kind="ReplicationTask")


def _name(task: Json) -> str:
    return runs.run_name("task", task["ReplicationTaskIdentifier"])


def _runs_on(task: Json, instance: Json) -> bool:
    return bool(task["ReplicationInstanceArn"] == instance["ReplicationInstanceArn"])


def _shown(task: Json) -> Json:
    """A task as the API shows it: one that never ran is `ready`."""
    name = _name(task)
    run = runs.known(name)
    if run is None:
        return task | {"Status": "ready"}
    progress = runs.progress(name)
    shown = task | {
        "Status": progress.status,
        "ReplicationTaskStartDate": run["started"],
        "ReplicationTaskStats": runs.statistics(name),
    }
    if progress.error:
        shown["LastFailureMessage"] = progress.error
    if progress.status == "stopped" and progress.state.stop_reason:
        shown["StopReason"] = progress.state.stop_reason
    return shown
